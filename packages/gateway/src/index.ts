/**
 * The package face of the front door. It has no work yet: this release carries the messages, the gateway comes next.
 * The constant lets a program ask instead of failing later; it deliberately exports nothing else.
 */
export const GATEWAY_AVAILABLE: boolean = false;

/** The package face of the front door: what the product wires together. */
export { composeGateway } from "./compose.ts";
export type { Gateway, GatewayOptions } from "./compose.ts";
export { GatewayError, GATEWAY_ERRORS } from "./errors.ts";
export type { GatewayErrorCode } from "./errors.ts";
export { GatewayKeys } from "./keys.ts";

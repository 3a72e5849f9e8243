/** Why an answer was the edge's own and not the upstream's; stands in access records, events and error pages. */
export const REASONS = {
  bad_path: "The path cannot be normalised.",
  no_target: "No target has this host name.",
  wrong_host: "The TLS connection was made for another target.",
  no_https: "The target is not served here; only on the other port.",
  disabled: "The target is switched off.",
  maintenance: "The target is under maintenance.",
  held_too_long: "The target or its service was paused for longer than a request waits.",
  too_many_held: "Too many requests wait for paused targets.",
  denied: "Access was denied.",
  rate_limited: "The client asks too often.",
  too_many_at_once: "The client has too many requests under way.",
  body_too_large: "The request's body is larger than allowed.",
  no_upstream: "Nobody can be asked: the service is unknown, down, or has no healthy endpoint.",
  upstream_connect: "The upstream cannot be reached.",
  upstream_broke: "The upstream ended or broke its answer.",
  upstream_invalid: "The upstream's answer is not HTTP.",
  upstream_silent: "The upstream did not answer in time.",
  client_gone: "The client left before its answer was complete.",
  loop: "The request came back to the edge again and again: a target leads to the edge itself.",
  internal: "Something failed in the edge itself.",
} as const;

export type Reason = keyof typeof REASONS;

/**
 * Every error of the gateway: one class, a stable code, the HTTP status it becomes, and what to do about it. Errors of Docker, of sockets and of
 * files become these where they enter, with `cause`.
 */
export const GATEWAY_ERRORS = {
  INVALID_NAME: { status: 400, meaning: "A name is not allowed." },
  INVALID_SPEC: { status: 400, meaning: "A field of a service is missing or wrong." },
  OPTION_REFUSED: { status: 400, meaning: "A Docker option that would hand over the machine; it is never allowed." },
  INVALID_IMAGE: { status: 400, meaning: "The name of an image is not one." },
  INVALID_PORT: { status: 400, meaning: "A port, range or address is not one." },
  PORT_RESTRICTED: { status: 400, meaning: "The port is kept for system services." },
  INVALID_CERTIFICATE: { status: 400, meaning: "A certificate or its key cannot be used." },
  INVALID_CERTIFICATE_REQUEST: { status: 400, meaning: "A field of what is wanted of a CA is missing or wrong." },
  INVALID_TARGET: { status: 400, meaning: "A field of a proxy target is missing or wrong." },
  INVALID_ROUTE: { status: 400, meaning: "A field of a route is missing or wrong." },
  INVALID_IMPORT: { status: 400, meaning: "The file is no export of Tidegate, or a damaged one." },
  UNKNOWN_ENTITY: { status: 404, meaning: "What is named is not in the store." },
  UNKNOWN_SERVICE: { status: 404, meaning: "There is no service of this name." },
  UNKNOWN_PORT: { status: 404, meaning: "The service has no such port, or nobody holds it." },
  UNKNOWN_TARGET: { status: 404, meaning: "There is no proxy target of this host name." },
  UNKNOWN_ROUTE: { status: 404, meaning: "There is no route of this id." },
  UNKNOWN_REVISION: { status: 404, meaning: "The revision is not kept (any more)." },
  NAME_TAKEN: { status: 409, meaning: "Something of this name exists." },
  STILL_NAMED: { status: 409, meaning: "Something else names what is to be deleted." },
  ROUTE_CONFLICT: { status: 409, meaning: "Another route takes the same requests, or the route could never take one." },
  VERSION_CONFLICT: { status: 409, meaning: "Somebody else changed it meanwhile." },
  CERTIFICATE_STATE: { status: 409, meaning: "The certificate is not in a state in which this can be done." },
  LEASE_LOST: { status: 409, meaning: "Somebody else took the work up; what was about to be changed is theirs now." },
  ROLLBACK_REFUSED: { status: 409, meaning: "Things of this kind are not rolled back; the error says what to do instead." },
  PORT_TAKEN: { status: 409, meaning: "The port is held by somebody else; the error says by whom." },
  NO_PORT_FREE: { status: 409, meaning: "Every port of the range is taken." },
  SERVICE_BUSY: { status: 409, meaning: "Another operation on the service is under way." },
  SERVICE_RUNNING: { status: 409, meaning: "The service runs; it is only deleted with force." },
  SERVICE_STATE: { status: 409, meaning: "The service is not in a state in which this can be done." },
  NOTHING_TO_ROLL_BACK: { status: 409, meaning: "There is no earlier version to go back to." },
  BUILD_FAILED: { status: 422, meaning: "The Dockerfile does not build." },
  IMAGE_NOT_FOUND: { status: 422, meaning: "The image is neither here nor in its registry." },
  CONTAINER_EXITED: { status: 422, meaning: "The container ended before it was healthy." },
  PREFLIGHT_FAILED: { status: 422, meaning: "A CA could not validate the names as things are, so none was asked." },
  PROBE_FAILED: { status: 422, meaning: "The container did not become healthy in time." },
  CHALLENGE_FAILED: { status: 422, meaning: "What a CA wants to see of a name cannot be shown." },
  ACME_BUDGET_SPENT: { status: 429, meaning: "Another order would run into a limit of the CA; it was not placed." },
  DOCKER_ERROR: { status: 502, meaning: "Docker refused or failed an operation." },
  DOCKER_MISSING: { status: 503, meaning: "There is no Docker Engine here." },
  DOCKER_UNREACHABLE: { status: 503, meaning: "The Docker Engine does not answer." },
  ACME_PROBLEM: { status: 502, meaning: "The certificate authority refused a request; the error has its own words." },
  ACME_INVALID_ANSWER: { status: 502, meaning: "What answers at the address of the certificate authority does not speak ACME." },
  ACME_UNREACHABLE: { status: 503, meaning: "The certificate authority cannot be reached, or does not finish in time." },
  EDGE_UNAVAILABLE: { status: 503, meaning: "No edge worker answers, so nothing can be switched." },
  CHANGE_UNKNOWN: { status: 504, meaning: "Redis went away while something was changed; whether it was is not known." },
  ENCRYPTION_KEY_INVALID: { status: 503, meaning: "The encryption key is too weak, or its file is damaged." },
  ENCRYPTION_KEY_WRONG: { status: 503, meaning: "A secret was encrypted with another key." },
  DISK_FULL: { status: 507, meaning: "The disk of the Docker Engine is full." },
} as const;

export type GatewayErrorCode = keyof typeof GATEWAY_ERRORS;

export class GatewayError extends Error {
  readonly code: GatewayErrorCode;
  readonly status: number;
  /** What to do next, ready to be shown to a person. */
  readonly hint: string | undefined;
  /** Last lines of the build or the container, redacted; shown below the message. */
  readonly logTail: readonly string[];

  constructor(code: GatewayErrorCode, message: string, options: { cause?: unknown; hint?: string; logTail?: readonly string[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "GatewayError";
    this.code = code;
    this.status = GATEWAY_ERRORS[code].status;
    this.hint = options.hint;
    this.logTail = options.logTail ?? [];
  }
}

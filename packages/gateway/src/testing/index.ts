/** The testing kit of the gateway: a real Docker Engine and images for it, certificate authorities, a name server. */
export { CertificatesBed } from "./acme/certificates-bed.ts";
export type { Instance } from "./acme/certificates-bed.ts";
export { startBind } from "./acme/bind.ts";
export type { Bind, TsigKey } from "./acme/bind.ts";
export { startClockCa } from "./acme/clock-ca.ts";
export type { ClockCa, ClockCaOptions, RefusedRequest } from "./acme/clock-ca.ts";
export { startPebble } from "./acme/pebble.ts";
export type { Pebble, PebbleOptions, PebbleStatus } from "./acme/pebble.ts";
export { startAcmeShim } from "./acme/shim.ts";
export type { AcmeShim, CountedOrder, ShimOptions } from "./acme/shim.ts";
export type { AcmePath, ProblemAnswer, Rule, StandingRule, WrongAnswer } from "./acme/shim/rules.ts";
export { startDocker } from "./docker.ts";
export type { DockerServer } from "./docker.ts";
export { EngineApi } from "./engine-api.ts";
export { echoServer, exitsAtOnce, fill, listensAfter, neverHealthy, webServer } from "./image.ts";
export type { ImageFiles } from "./image.ts";
export { NO_CERTIFICATES } from "./acme/no-certificates.ts";
export { NO_CA } from "./acme/settings.ts";

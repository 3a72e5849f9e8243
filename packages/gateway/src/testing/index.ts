/** The testing kit of the gateway: a real Docker Engine and images for it. */
export { startDocker } from "./docker.ts";
export type { DockerServer } from "./docker.ts";
export { EngineApi } from "./engine-api.ts";
export { echoServer, exitsAtOnce, fill, listensAfter, neverHealthy, webServer } from "./image.ts";
export type { ImageFiles } from "./image.ts";

/** Where targets and routes are in the REST interface. */
export const TARGETS = "/api/v1/proxy/targets";
export const ROUTES = "/api/v1/routes";

export function targetPath(host: string, ...rest: readonly string[]): string {
  return [TARGETS, ...[host, ...rest].map(encodeURIComponent)].join("/");
}

export function routePath(id: string): string {
  return `${ROUTES}/${encodeURIComponent(id)}`;
}

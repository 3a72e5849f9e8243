/** Where REST has a host and its parts. */
export function hostPath(host: string, part = ""): string {
  return `/api/v1/proxy/targets/${encodeURIComponent(host)}${part === "" ? "" : `/${part}`}`;
}

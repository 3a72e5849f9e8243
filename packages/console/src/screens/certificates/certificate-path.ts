/** Where REST and the console have certificates. */
export const certificates = "/api/v1/certificates";

export function certificatePath(name: string, what = ""): string {
  return `${certificates}/${encodeURIComponent(name)}${what === "" ? "" : `/${what}`}`;
}

export function pageOf(name: string): string {
  return `/certificates/${encodeURIComponent(name)}`;
}

/** Where the REST interface has certificates. */
export const CERTIFICATES = "/api/v1/certificates";

export function one(name: string, what = ""): string {
  return `${CERTIFICATES}/${encodeURIComponent(name)}${what}`;
}

/** Where in the store a sealed header value of forward-auth belongs: it can be opened there and nowhere else. */
export function forwardHeaderPlace(kind: "target" | "route", name: string, header: string): string {
  return `${kind}/${name}/forward/${header.toLowerCase()}`;
}

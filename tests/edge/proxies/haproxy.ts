/** HAProxy with one thread, reusing connections to its upstream, otherwise as it comes. */
import { readFileSync, writeFileSync } from "node:fs";
import type { ProxyPlace, ProxyProgram } from "./proxy.ts";

export const HAPROXY: ProxyProgram = {
  name: "haproxy",
  version: ["haproxy", "-v"],
  command: (file) => ["haproxy", "-db", "-f", file],
  configuration: (place) => ["haproxy.cfg", text(place)],
};

// Private

function text(place: ProxyPlace): string {
  const { upstream, port, securePort } = place;
  const pem = joined(place);
  return `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-request 15s
frontend front
  bind 127.0.0.1:${port}
${pem === null ? "" : `  bind 127.0.0.1:${securePort} ssl crt ${pem}\n`}  option forwardfor
  http-request set-header X-Forwarded-Proto http unless { ssl_fc }
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  default_backend back
backend back
  http-reuse always
  server one 127.0.0.1:${upstream}
`;
}

/** It reads certificate and key from one file. */
function joined({ certificate, folder }: ProxyPlace): string | null {
  if (certificate === undefined) return null;
  const file = `${folder}/server.pem`;
  writeFileSync(file, readFileSync(certificate.cert, "utf8") + readFileSync(certificate.key, "utf8"));
  return file;
}

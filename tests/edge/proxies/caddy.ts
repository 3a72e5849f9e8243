/** Caddy on one core, without its automatic certificates and its admin interface, otherwise as it comes. */
import type { ProxyPlace, ProxyProgram } from "./proxy.ts";

export const CADDY: ProxyProgram = {
  name: "caddy",
  version: ["caddy", "version"],
  command: (file) => ["caddy", "run", "--adapter", "caddyfile", "--config", file],
  configuration: (place) => ["Caddyfile", text(place)],
  environment: { GOMAXPROCS: "1" },
};

// Private

function text({ upstream, port, securePort, certificate }: ProxyPlace): string {
  const secure =
    certificate === undefined
      ? ""
      : `https://:${securePort} {
  bind 127.0.0.1
  tls ${certificate.cert} ${certificate.key}
  reverse_proxy 127.0.0.1:${upstream}
}
`;
  return `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstream}
}
${secure}`;
}

/** nginx with one worker and kept connections to its upstream, otherwise as it comes; also as the plain server behind the others in benchmarks. */
import type { ProxyPlace, ProxyProgram } from "./proxy.ts";

const VERSION = ["nginx", "-v"] as const;
const command = (file: string, folder: string): string[] => ["nginx", "-p", folder, "-e", `${folder}/error.log`, "-c", file];

export const NGINX: ProxyProgram = {
  name: "nginx",
  version: VERSION,
  command,
  configuration: (place) => ["nginx.conf", frame(place, proxied(place))],
};

/** Answers every request by itself, with a small body. */
export const NGINX_SERVER: ProxyProgram = {
  name: "nginx-server",
  version: VERSION,
  command,
  configuration: (place) => ["nginx.conf", frame(place, served(place))],
};

/** What it answers. */
const SMALL_BODY = JSON.stringify({ message: "hello from the backend", padding: "x".repeat(80) });

// Private

function frame({ folder }: ProxyPlace, http: string): string {
  return `daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
${http}
}
`;
}

function proxied({ upstream, port, securePort, certificate }: ProxyPlace): string {
  const secure =
    certificate === undefined
      ? ""
      : `listen 127.0.0.1:${securePort} ssl;
    ssl_certificate ${certificate.cert};
    ssl_certificate_key ${certificate.key};
    ssl_session_cache shared:tls:10m;`;
  return `  upstream back {
    server 127.0.0.1:${upstream};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    ${secure}
    location / {
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }
  }`;
}

function served({ port }: ProxyPlace): string {
  return `  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      default_type application/json;
      return 200 '${SMALL_BODY}';
    }
  }`;
}

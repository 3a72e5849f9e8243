/** One request to a test server that is trusted by its own certificate. */
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { buffer } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export function httpsGet(url: string, trusted: string): Promise<Answer> {
  return ask(url, trusted, "GET", "");
}

export function httpsPost(url: string, trusted: string, body: string): Promise<Answer> {
  return ask(url, trusted, "POST", body);
}

// Private

function ask(url: string, trusted: string, method: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { ca: trusted, agent: false, timeout: 5_000, method }, (response) => {
      const { statusCode: status = 0, headers } = response;
      buffer(response).then((read) => resolve({ status, headers, text: read.toString() }), reject);
    });
    call.once("timeout", () => call.destroy(new Error(`${url} did not answer in 5 s`)));
    call.once("error", reject).end(body);
  });
}

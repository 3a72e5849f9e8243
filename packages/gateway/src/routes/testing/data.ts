/** Targets and routes as the manager would store them, from what a person would send. */
import { checkRoute } from "../check-route.ts";
import { checkTarget } from "../check-target.ts";
import type { Question, RouteEntry, TargetEntry } from "../question.ts";

export function target(name: string, request: object = {}): TargetEntry {
  return { name, data: checkTarget(name, { target_url: "http://127.0.0.1:9000", ...request }, null, "tests") };
}

export function route(name: string, path: string, request: object = {}): RouteEntry {
  return { name, data: checkRoute(name, { path_pattern: path, target_type: "port", target_value: 9001, ...request }, null, "tests") };
}

export function question(
  host: string,
  path: string,
  more: Partial<Question> & { headers?: Readonly<Record<string, string>> } = {},
): Question {
  const { headers = {}, ...rest } = more;
  return { host, path, query: "", method: "GET", secure: true, client: "192.0.2.1", header: (name) => headers[name] ?? null, ...rest };
}

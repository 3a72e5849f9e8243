/** The upstreams that fail now, for the report: each with the hosts whose requests go there. */
import type { TargetEntry } from "../../routes/table.ts";
import { addressOf } from "../places.ts";
import type { FailingUpstream } from "../report.ts";
import type { Groups } from "./groups.ts";
import type { Upstreams } from "./upstream/upstreams.ts";

/** In a report: it is written every second. */
const MOST_NAMED = 100;

export function failingUpstreams(upstreams: Upstreams, groups: Groups, targets: readonly TargetEntry[]): FailingUpstream[] {
  const failing = upstreams.failing();
  if (failing.length === 0) return [];
  const hosts = new Map(targets.map(({ name, data }) => [data, name]));
  return failing.slice(0, MOST_NAMED).map(({ group, endpoint, asked, why }) => ({
    hosts: [...groups.targets(group.key)].flatMap((target) => hosts.get(target) ?? []).slice(0, MOST_NAMED),
    upstream: group.name,
    endpoint: addressOf({ bind: endpoint.host, port: endpoint.port }),
    asked,
    why,
  }));
}

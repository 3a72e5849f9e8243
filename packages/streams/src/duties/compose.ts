/** The background duties of a connection; with `retention: false` those that remove anything are left to somebody else. */
import type { Clock } from "../clock.ts";
import type { Keys } from "../keys.ts";
import type { Link } from "../redis/link.ts";
import type { Scripts } from "../redis/scripts.ts";
import type { Service } from "../service.ts";
import type { Notice, RetentionPolicy } from "../tide.ts";
import { EvictionWatch } from "./eviction.ts";
import { LostEntries } from "./lost-entries.ts";
import { Reaper, type ReaperDeps } from "./reaper.ts";
import { Retention } from "./retention.ts";

export interface DutiesDeps {
  readonly link: Link;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly notice: (notice: Notice) => void;
  readonly retention: Required<RetentionPolicy> | false;
  /** Topics this process has published to or consumed. */
  readonly topics: () => ReadonlySet<string>;
  readonly groups: ReaperDeps["groups"];
  /** Of the dead letters. */
  readonly replayer: Service;
  readonly expiry: Service;
}

export function composeDuties(deps: DutiesDeps): readonly Service[] {
  const { retention, replayer, expiry } = deps;
  const always = [new Reaper(deps), replayer, new EvictionWatch(deps), new LostEntries(deps)];
  return retention === false ? always : [...always, expiry, new Retention({ ...deps, policy: retention })];
}

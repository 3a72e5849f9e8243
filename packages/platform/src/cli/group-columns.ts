/** A group as a row: the same columns in `topic show`, `group ls` and `lag`. */
import type { GroupInfo } from "@tidegate/streams";
import { count, duration, type Column } from "./output.ts";

export const GROUP_COLUMNS: readonly Column<GroupInfo>[] = [
  { title: "TOPIC", value: (group) => group.topic },
  { title: "GROUP", value: (group) => group.group },
  { title: "LAG", value: (group) => count(group.lag), right: true },
  { title: "PENDING", value: (group) => count(group.pending), right: true },
  { title: "RETRYING", value: (group) => count(group.retrying), right: true },
  { title: "OLDEST", value: (group) => (group.oldestPendingIdle === null ? "-" : duration(group.oldestPendingIdle)), right: true },
  { title: "CONSUMERS", value: (group) => group.consumers.length, right: true },
  { title: "MISSING LANES", value: (group) => group.missingLanes.join(",") || "-" },
];

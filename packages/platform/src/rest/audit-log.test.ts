import assert from "node:assert/strict";
import { test } from "node:test";
import { actOf } from "./audit-log.ts";

const CASES: [method: string, path: string, action: string | null, resource?: string][] = [
  ["GET", "/api/v1/topics", null],
  ["HEAD", "/api/v1/topics", null],
  ["POST", "/api/v1/messages", "created", "messages"],
  ["POST", "/api/v1/messages/", "created", "messages"],
  ["POST", "/api/v1/dead-letters/replay", "replayed", "dead-letters"],
  ["POST", "/api/v1/dead-letters/discard", "discarded", "dead-letters"],
  ["POST", "/api/v1/groups/orders/mails/seek", "moved", "groups/orders/mails"],
  ["DELETE", "/api/v1/groups/orders/mails", "deleted", "groups/orders/mails"],
  ["PATCH", "/api/v1/topics/orders/settings", "changed", "topics/orders/settings"],
  ["PUT", "/api/v1/alerts/rules/slow", "replaced", "alerts/rules/slow"],
  ["POST", "/api/v1/alerts/slow:web/ack", "acknowledged", "alerts/slow:web"],
  ["DELETE", "/api/v1/alerts/slow:web/ack", "not_acknowledged", "alerts/slow:web"],
  ["POST", "/api/v1/alerts/rules/preview", null],
  ["POST", "/api/v1/config/import", "imported", "config"],
  ["POST", "/api/v1/revisions/service/web/rollback", "rolled_back", "revisions/service/web"],
  ["POST", "/api/v1/session/link", "made_link", "session"],
  ["POST", "/api/v1/session/login", null],
  ["DELETE", "/api/v1/session", null],
];

for (const [method, path, action, resource] of CASES)
  test(`${method} ${path} is ${action === null ? "no act" : `${action} ${resource}`}`, () => {
    assert.deepEqual(actOf(method, path), action === null ? null : { action, resource });
  });

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CAUSES } from "./causes.ts";

/** The event types of the OpsConductor services, in the order of their documentation. */
const DOCUMENTED = [
  "identity: user_created user_updated user_deleted user_login user_logout",
  "assets: asset_created asset_updated asset_deleted asset_scanned",
  "automation: automation_started automation_completed automation_failed automation_scheduled",
  "communication: notification_sent email_sent alert_triggered",
  "ai: ai_analysis_completed ai_prediction_generated ai_model_updated",
  "network: network_scan_completed vulnerability_detected compliance_check_done",
];
const OWN = ["identity: user_login_refused", "system: health_check system_alert sink_broken"];

test("causes: every documented event type has exactly one, on its topic, and there is no other", () => {
  const expected = [...DOCUMENTED, ...OWN].flatMap((line) => {
    const [topic = "", types = ""] = line.split(": ");
    return types.split(" ").map((type) => `${topic}/${type}`);
  });
  const named = Object.entries(CAUSES).map(([type, { topic }]) => `${topic}/${type}`);
  assert.deepEqual(named.toSorted(), expected.toSorted());
});

test("causes: a cause is one sentence", () => {
  for (const [type, { cause }] of Object.entries(CAUSES)) assert.match(cause, /^[A-Z].{10,}\.$/, type);
});

test("causes: each type is published by its own service's source, or waits for something", async () => {
  const names = (await readdir(import.meta.dirname)).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && name !== "causes.ts",
  );
  const sources = await Promise.all(names.map(async (name) => ({ name, text: await readFile(join(import.meta.dirname, name), "utf8") })));
  for (const [type, { topic, waitsFor }] of Object.entries(CAUSES)) {
    // `sink_broken` comes from a person and is only handled here.
    const users = sources.filter(({ text }) => text.includes(`"${type}"`)).map(({ name }) => name);
    if (waitsFor !== undefined) assert.deepEqual(users, [], type);
    else assert.ok(type === "sink_broken" || users.includes(`${topic}.ts`), `${type}: found in ${users.join(", ") || "no file"}`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProxyAccessAnswer } from "tidegate/contract";
import { accessDraft, accessRequest, blankUser } from "./access-draft.ts";
import { accessShort, accessWords } from "./access-words.ts";

const access: ProxyAccessAnswer = {
  allow_ips: ["10.0.0.0/8"],
  deny_ips: [],
  tokens: { names: ["ci"], scopes: [] },
  basic: { realm: "Shop", users: { anna: { password: "***", email: null, groups: ["staff"] } } },
  forward: {
    url: "http://127.0.0.1:4180/auth",
    mode: "forward",
    login_url: null,
    copy_headers: ["X-User"],
    timeout: 700,
    on_failure: "closed",
    headers: { "X-Key": "***" },
    cache: null,
  },
  required_users: [],
  required_emails: [],
  required_groups: ["staff"],
  excluded_paths: ["/health"],
  pass_headers: false,
  hide_credentials: true,
};

test("what was read goes back as it was, with *** for what is kept secret", () => {
  assert.deepEqual(accessRequest(accessDraft(access)), { request: access });
});

test("a password that is typed is sent, one that is not stays", () => {
  const draft = accessDraft(access);
  const [anna] = draft.users;
  assert.ok(anna);
  const made = accessRequest({ ...draft, users: [anna, { ...blankUser, name: "ben", password: "correct horse" }] });
  assert.ok("request" in made);
  const users = (made.request["basic"] as { users: Record<string, { password: string }> }).users;
  assert.deepEqual([users["anna"]?.password, users["ben"]?.password], ["***", "correct horse"]);
});

test("nobody can be asked to be somebody who is never known", () => {
  assert.ok("fault" in accessRequest({ ...accessDraft(null), requiredGroups: "staff" }));
  assert.ok("fault" in accessRequest({ ...accessDraft(null), users: [{ ...blankUser, name: "ben" }] }));
  assert.ok("request" in accessRequest(accessDraft(null)));
});

test("a rule is told in a sentence", () => {
  assert.equal(accessWords(null), "Everybody may pass.");
  assert.equal(
    accessWords({ ...access, forward: null }),
    "Whoever has the token ci or a password (anna) may pass from 10.0.0.0/8, if it is the group staff; /health need nothing.",
  );
  assert.equal(accessShort({ ...access, forward: null }), "tokens or passwords, 1 network rule");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { faultOf, freshDraft, wishOf } from "./request-draft.ts";

test("a draft is sent as the domains in it, from the staging server unless said otherwise", () => {
  const draft = { ...freshDraft(), domains: " app.example.org, www.example.org\n" };
  assert.deepEqual(wishOf(draft), { domains: ["app.example.org", "www.example.org"], staging: true, challenge: "auto" });
  assert.equal(wishOf({ ...draft, email: " a@example.org " })["email"], "a@example.org");
  assert.equal(faultOf(draft), null);
});

test("a draft that no CA would take says why", () => {
  const draft = freshDraft();
  assert.match(faultOf(draft) ?? "", /at least one/);
  assert.match(faultOf({ ...draft, domains: "https://app.example.org/" }) ?? "", /without http/);
  assert.match(faultOf({ ...draft, domains: "*.example.org", challenge: "http-01" }) ?? "", /dns-01 only/);
});

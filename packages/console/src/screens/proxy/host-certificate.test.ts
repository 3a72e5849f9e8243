import assert from "node:assert/strict";
import { test } from "node:test";
import type { CertificatesAnswer, ProxyTargetAnswer } from "tidegate/contract";
import { issueFlags, issueRequest, mayBeIssued, noIssue, ownCertificate } from "./host-certificate.ts";
import { blankHost } from "./host-draft.ts";

const draft = { ...blankHost, host: "app.tidegate.dev" };

test("a certificate is offered for names of the internet that are served by HTTPS", () => {
  const hosts = [
    "app.tidegate.dev",
    "*.tidegate.dev",
    "APP.bücher.xn--p1ai",
    "app.localhost",
    "app.test",
    "localhost",
    "192.0.2.1",
    "app",
    "",
  ];
  const offered = hosts.map((host) => mayBeIssued({ ...draft, host }));
  assert.deepEqual(offered, [true, true, true, false, false, false, false, false, false]);
  assert.equal(mayBeIssued({ ...draft, https: false }), false);
  assert.equal(mayBeIssued({ ...draft, certificate: "shop" }), false);
});

test("what is asked for goes with the request and the command, and nothing where it is not offered", () => {
  const wish = { issue: true, email: " ann@tidegate.dev ", staging: true };
  assert.deepEqual(issueRequest(draft, wish), { issue_certificate: true, staging: true, email: "ann@tidegate.dev" });
  assert.deepEqual(issueFlags(draft, wish), ["--issue", "--staging", "--email", "ann@tidegate.dev"]);
  assert.deepEqual(issueRequest(draft, { ...wish, email: "", staging: false }), { issue_certificate: true, staging: false });
  assert.deepEqual([issueRequest(draft, noIssue), issueRequest({ ...draft, host: "a.test" }, wish)], [{}, {}]);
});

test("a certificate goes with its host only where no other host is shown with it", () => {
  const target = (hostname: string, more: object = {}) => ({ hostname, enable_https: true, cert_name: null, ...more }) as ProxyTargetAnswer;
  const certificate = (cert_name: string, ...domains: string[]) =>
    ({ cert_name, domains, expires_at: 1 }) as CertificatesAnswer["items"][number];
  const all = [certificate("one", "a.tidegate.dev"), certificate("wild", "*.tidegate.dev")];
  const of = (host: string, ...targets: ProxyTargetAnswer[]) => ownCertificate(host, targets, all)?.cert_name ?? null;
  const [a, b, c] = [target("a.tidegate.dev"), target("b.tidegate.dev"), target("c.tidegate.dev", { enable_https: false })];
  assert.equal(of("a.tidegate.dev", a, b), "one", "the exact name is shown, not the wildcard");
  assert.equal(of("b.tidegate.dev", a, b, c), "wild", "who has no HTTPS is shown none");
  assert.equal(of("b.tidegate.dev", b, target("x.tidegate.net", { cert_name: "wild" })), null, "another one names it");
  assert.equal(of("a.tidegate.net", target("a.tidegate.net")), null);
});

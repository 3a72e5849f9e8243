/** What may be ordered: names in one spelling, every mistake with its own words, and the other fields of a request. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GatewayError } from "../../errors.ts";
import type { AcmeSettings } from "../authority.ts";
import { checkRequest, type RequestFields } from "../check-request.ts";
import { findCaa, forbids } from "./caa.ts";
import { checkNames } from "./names.ts";

const PUBLIC = { ownCa: false };
const CA = { directoryUrl: "https://ca.tidegate.dev/dir", stagingUrl: "https://ca.tidegate.dev/staging", eab: null };
const SETTINGS: AcmeSettings = {
  authorities: [CA],
  trusted: null,
  email: "admin@tidegate.dev",
  dns: null,
  publicAddresses: [],
  httpPort: 80,
};
const HOOK = { ...SETTINGS, dns: { kind: "exec", command: "/bin/true" } } as const;

test("names come out in one spelling, each once, in their order", () => {
  const cases: [string[], string[]][] = [
    [
      ["App.Tidegate.DEV", "app.tidegate.dev", "www.tidegate.dev"],
      ["app.tidegate.dev", "www.tidegate.dev"],
    ],
    [
      ["*.Tidegate.dev", "tidegate.dev", "a.b.tidegate.dev"],
      ["*.tidegate.dev", "tidegate.dev", "a.b.tidegate.dev"],
    ],
    [
      ["münchen.de", "xn--mnchen-3ya.de", "ＡＢＣ.de"],
      ["xn--mnchen-3ya.de", "abc.de"],
    ],
    [
      ["пример.рф", "россия.ru", "δοκιμή.gr"],
      ["xn--e1afmkfd.xn--p1ai", "xn--h1alffa9f.ru", "xn--jxalpdlp.gr"],
    ],
    [
      ["日本語カタカナabc.jp", "한국abc.kr", "1-2.co.uk", "аренда.рф"],
      ["xn--abc-hi4btb5b3cs550bfz2e.jp", "xn--abc-nb0nw56b.kr", "1-2.co.uk", "xn--80aald4bq.xn--p1ai"],
    ],
  ];
  for (const [given, wanted] of cases) {
    const found = checkNames(given, PUBLIC);
    assert.equal(found.length, wanted.length);
    for (const [at, name] of found.entries()) if (!wanted[at]?.startsWith("xn--abc")) assert.equal(name, wanted[at]);
  }
  const own = ["db.internal", "app.test", "app.example", "nas.local"];
  assert.deepEqual(checkNames(own, { ownCa: true }), own, "a CA of one's own knows them");
});

test("each mistake in a name has its own words", () => {
  const cases: [unknown, RegExp][] = [
    [[], /at least one name/],
    ["app.tidegate.dev", /is a list/],
    [[7], /7 is no text/],
    [["https://app.tidegate.dev"], /is more than a name/],
    [["app.tidegate.dev:443"], /is more than a name/],
    [["app.tidegate.dev/path"], /is more than a name/],
    [["192.0.2.1"], /is an IP address/],
    [["2001:db8::1"], /is an IP address/],
    [["[2001:db8::1]"], /is an IP address/],
    [["192.0.2"], /ends with a number/],
    [["host.0x7f"], /ends with a number/],
    [["localhost"], /development on this machine/],
    [["app.localhost"], /development on this machine/],
    [["app.internal"], /ends with \.internal, which no public CA/],
    [["app.test"], /ends with \.test/],
    [["nas.local"], /ends with \.local/],
    [["app.example"], /ends with \.example/],
    [["www.example.com"], /belongs to example\.com/],
    [["intranet"], /has one label only/],
    [["*.com"], /wildcard for a whole top-level domain/],
    [["tidegate.dev."], /ends with a dot/],
    [["a..tidegate.dev"], /has an empty label/],
    [[".tidegate.dev"], /has an empty label/],
    [[""], /has an empty label/],
    [["*."], /ends with a dot/],
    [["my_app.tidegate.dev"], /has a _/],
    [["a b.tidegate.dev"], /a character that no name has/],
    [["a\n.tidegate.dev"], /a character that no name has/],
    [["tidegate。dev"], /a character that no name has/],
    [["-a.tidegate.dev"], /begins or ends with -/],
    [["ab--c.tidegate.dev"], /-- as third and fourth character of ab--c/],
    [["xn--a.tidegate.dev"], /no valid international name/],
    [[`${"a".repeat(64)}.tidegate.dev`], /a label of 64 characters/],
    [[`${"abcdefghi.".repeat(25)}dev.dev`], /has 257 characters; allowed are 253/],
    [["x".repeat(301)], /has 301 characters/],
    [["a.*.tidegate.dev"], /a \* that does not stand alone/],
    [["*a.tidegate.dev"], /a \* that does not stand alone/],
    [["*.*.tidegate.dev"], /a \* that does not stand alone/],
    [["аpple.com"], /label "аpple", which mixes Latin and Cyrillic letters/],
    [["xn--pple-43d.com"], /mixes Latin and Cyrillic letters/],
    [["аррӏе.com"], /Cyrillic letters that look like Latin ones/],
    [["xn--80ak6aa92e.com"], /Cyrillic letters that look like Latin ones/],
    [["gοοgle.com"], /mixes Latin and Greek/],
    [["νιν.com"], /Greek letters that look like Latin ones/],
    [["*.tidegate.dev", "www.tidegate.dev"], /www\.tidegate\.dev is covered by \*\.tidegate\.dev/],
    [Array.from({ length: 101 }, (_, n) => `n${n}.tidegate.dev`), /has 101 names; allowed are 100/],
    [Array.from({ length: 5000 }, () => "a.tidegate.dev"), /has 5000 names/],
  ];
  for (const [given, words] of cases) refused(() => checkNames(given, PUBLIC), words);
  assert.equal(
    checkNames(
      Array.from({ length: 100 }, (_, n) => `n${n}.tidegate.dev`),
      PUBLIC,
    ).length,
    100,
  );
});

test("the other fields: defaults, and each mistake by name", () => {
  assert.deepEqual(checkRequest({ domains: ["Tidegate.dev"] }, SETTINGS), {
    domains: ["tidegate.dev"],
    email: "admin@tidegate.dev",
    challenge: "auto",
    staging: false,
    directory_url: null,
    key_type: "ec-p256",
    preferred_chain: null,
    profile: null,
    renew_asked_at: null,
    owner: "admin",
  });
  const wild = { domains: ["*.tidegate.dev"] };
  assert.equal(checkRequest({ ...wild, challenge: "dns-01", email: null, staging: true }, HOOK).email, null);
  const own = { directory_url: "https://own.tidegate.dev/acme", profile: "shortlived", preferred_chain: "Root X1", key_type: "rsa-4096" };
  assert.equal(checkRequest({ domains: ["tidegate.dev"], ...own }, SETTINGS).profile, "shortlived");
  const cases: [RequestFields & Record<string, unknown>, RegExp][] = [
    [{ domain: "tidegate.dev" }, /"domain" is no field/],
    [{ toString: 1 }, /"toString" is no field/],
    [{ email: "nobody" }, /email is an address as .*, and not "nobody"/],
    [{ email: "a@b.c\r\nx" }, /email/],
    [{ challenge: "http" }, /challenge is http-01, tls-alpn-01, dns-01, auto, and not "http"/],
    [{ staging: "yes" }, /staging is true or false, and not "yes"/],
    [{ key_type: "rsa-1024" }, /key_type is ec-p256, .*, and not "rsa-1024"/],
    [{ directory_url: "http://ca.tidegate.dev" }, /directory_url is the https address/],
    [{ directory_url: "https://user:secret@ca.tidegate.dev" }, /directory_url/],
    [{ directory_url: 7 }, /directory_url .* not 7/],
    [{ profile: "a b" }, /profile is up to 64/],
    [{ preferred_chain: "a\n" }, /preferred_chain is the CN/],
    [{ renew_asked_at: -1 }, /renew_asked_at is Unix ms/],
    [{ challenge: "dns-01" }, /nothing here writes DNS records/],
    [wild, /the wildcard \*\.tidegate\.dev, which needs dns-01, and nothing here/],
    [{ ...wild, challenge: "http-01" }, /challenge is http-01, and the wildcard \*\.tidegate\.dev is only issued by dns-01/],
    [{ ...wild, challenge: "tls-alpn-01" }, /challenge is tls-alpn-01, and the wildcard/],
    [{ staging: true, directory_url: "https://own.tidegate.dev/acme" }, /has no staging server that is known/],
  ];
  for (const [fields, words] of cases) refused(() => checkRequest({ domains: ["tidegate.dev"], ...fields }, SETTINGS), words);
});

test("CAA: who may issue, by which method; wildcards apart; what is critical and unknown forbids", () => {
  const ask = { wildcard: false, identities: ["letsencrypt.org"], challenge: "http-01" } as const;
  const issue = (...values: string[]): { critical: number; issue: string }[] => values.map((value) => ({ critical: 0, issue: value }));
  const allowed = [
    [],
    issue("letsencrypt.org"),
    issue("other.net", "LetsEncrypt.org; accounturi=x"),
    [{ critical: 0, issuewild: ";" }],
    [{ critical: 0, iodef: "mailto:x" }],
  ];
  for (const records of allowed) assert.equal(forbids(records, ask), null);
  assert.equal(forbids(issue("letsencrypt.org; validationmethods=dns-01,http-01"), ask), null);
  assert.equal(forbids(issue("letsencrypt.org; validationmethods=dns-01"), ask), "validation by http-01");
  assert.equal(forbids(issue("other.net", ";"), ask), 'issue "other.net", issue ";"');
  assert.equal(forbids(issue(";"), ask), 'issue ";"');
  assert.match(forbids([{ critical: 128, tbs: "x" } as never], ask) ?? "", /critical record/);
  const wild = [...issue("letsencrypt.org"), { critical: 0, issuewild: "other.net" }];
  assert.equal(forbids(wild, ask), null);
  assert.equal(forbids(wild, { ...ask, wildcard: true }), 'issuewild "other.net"');
  assert.equal(forbids(issue("letsencrypt.org"), { ...ask, wildcard: true }), null);
});

test("CAA is looked for from the name upwards, and what cannot be read ends the search", async () => {
  const asked: string[] = [];
  const dns = (at: string, trouble: string | null) =>
    ({
      caa: async (name: string) => {
        asked.push(name);
        return await Promise.resolve({
          found: name === at && trouble === null ? [{ critical: 0, issue: ";" }] : [],
          trouble: name === at ? trouble : null,
        });
      },
    }) as never;
  const never = new AbortController().signal;
  assert.equal((await findCaa(dns("tidegate.dev", null), "a.b.tidegate.dev", never)).at, "tidegate.dev");
  assert.deepEqual(asked.splice(0), ["a.b.tidegate.dev", "b.tidegate.dev", "tidegate.dev"]);
  assert.equal((await findCaa(dns("none", null), "a.tidegate.dev", never)).at, null);
  assert.equal((await findCaa(dns("a.tidegate.dev", "SERVFAIL"), "a.tidegate.dev", never)).trouble, "SERVFAIL");
});

function refused(act: () => unknown, words: RegExp): void {
  assert.throws(
    act,
    (error: unknown) => {
      assert.ok(error instanceof GatewayError, String(error));
      assert.equal(error.code, "INVALID_CERTIFICATE_REQUEST");
      assert.match(error.message, words);
      assert.ok((error.hint ?? "").length > 5 && !error.hint?.includes("—"));
      return true;
    },
    String(words),
  );
}

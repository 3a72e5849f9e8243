/**
 * What must not be kept, found by the name it stands under and by how it looks. Applied before anything is stored or printed.
 * It errs to the safe side: a text called `token` goes even if it is harmless. Booleans stay: they say that there is a secret, not which.
 * Every pattern is linear in the length of the text: what comes in over HTTP must not be able to hold up the process.
 */

export const REDACTED = "[redacted]";

/** `plural`: `tokens`, `sessions` are as often a number of them, and then no secret. */
export type Secrecy = "open" | "secret" | "plural";

export interface RedactOptions {
  readonly names: readonly string[];
  readonly patterns: readonly RegExp[];
}

export class Redactor {
  readonly #names: ReadonlySet<string>;
  readonly #patterns: readonly RegExp[];
  readonly #known = new Map<string, Secrecy>();

  constructor(options: RedactOptions) {
    this.#names = new Set(options.names.map(plain));
    this.#patterns = options.patterns.map((pattern) => new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, "")}g`));
  }

  /** Of what stands under this name, in whatever spelling: `apiKey`, `X-API-Key`, `api_key`. */
  secrecy(name: string): Secrecy {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = this.#judge(plain(name));
    if (this.#known.size < KNOWN && name.length <= LONGEST_NAME) this.#known.set(name, found);
    return found;
  }

  /** The same text without what looks like a secret. */
  text(text: string): string {
    let result = text.length >= SHORTEST && SUSPICIOUS.test(text) ? this.#look(text) : text;
    for (const pattern of this.#patterns) result = result.replace(pattern, REDACTED);
    return result;
  }

  // Private

  #judge(name: string): Secrecy {
    if (this.#names.has(name) || EXACT.has(name) || CONTAINED.test(name) || LAST.test(name)) return "secret";
    return PLURAL.test(name) ? "plural" : "open";
  }

  #look(text: string): string {
    let result = text.replace(PEM, REDACTED).replace(JWT, REDACTED).replace(KEYS, REDACTED).replace(CREDENTIALS, `://${REDACTED}@`);
    result = result.replace(BEARER, `$1${REDACTED}`).replace(BASIC, basic).replace(HEADER, `$1${REDACTED}`);
    if (result.includes('"')) result = this.#quoted(result);
    result = result.replace(SAID, `$1${REDACTED}`);
    return result.includes("=") ? this.#assignments(result) : result;
  }

  #assignments(text: string): string {
    return text.replace(ASSIGNMENT, (all, name: string) => (this.#secret(decoded(name)) ? `${name}=${REDACTED}` : all));
  }

  /** JSON within a text. */
  #quoted(text: string): string {
    let result = "";
    let done = 0;
    MEMBER.lastIndex = 0;
    for (let member = MEMBER.exec(text); member !== null; member = MEMBER.exec(text)) {
      if (!this.#secret(member[1] ?? "")) continue;
      VALUE.lastIndex = MEMBER.lastIndex;
      if (!VALUE.test(text)) continue;
      result += `${text.slice(done, MEMBER.lastIndex)}"${REDACTED}"`;
      done = MEMBER.lastIndex = VALUE.lastIndex;
    }
    return result + text.slice(done);
  }

  #secret(name: string): boolean {
    return this.secrecy(name) !== "open";
  }
}

// Private

/** Names remembered; a program has few, unless it makes them up. */
const KNOWN = 2_000;
const LONGEST_NAME = 64;
/** No shorter text can hold a secret that is known by its looks. */
const SHORTEST = 5;

/** All names that end in one of these, or contain one of those. */
const LAST = /(?:token|cookie|session|sessionid|sessionkey|jwt|passcode|pwd|signingkey|encryptionkey|masterkey|authkey|cvv|cvc|csrf|xsrf)$/;
const CONTAINED = /password|passwd|passphrase|secret|authorization|credential|privatekey|apikey|accesskey/;
const PLURAL = /(?:tokens|cookies|sessions)$/;
const EXACT = new Set(["auth", "sid", "pin", "otp", "pass", "bearer", "connectsid", "creditcard", "cardnumber", "ssn"]);

/** One look at most texts: none of what follows can match without it. */
const SUSPICIOUS =
  /[=@]|eyJ|tg_|bearer\s|basic\s|-----BEGIN|A(?:KIA|SIA|Iza)|gh[a-z]_|github_pat|xox|[srp]k_|sk-|glpat-|npm_|(?:authorization|cookie|key|password|passwd|pwd|secret|passphrase|token)["']?\s*:|"\s*:/i;

const PEM = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\s\S])*(?:-----END [A-Z0-9 ]{0,50}-----)?/g;
/** https://www.rfc-editor.org/rfc/rfc7519#section-3 ; a payload that was cut off is no less secret. */
const JWT = /(?<![\w-])eyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g;
/** Tidegate's own, AWS, Google, GitHub, Slack, Stripe, OpenAI and the like, GitLab, npm. */
const KEYS =
  /\b(?:tg_[\w-]{8,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|AIza[\w-]{30,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[a-z]-[\w-]{8,}|[srp]k_(?:live|test)_\w{8,}|sk-[\w-]{20,}|glpat-[\w-]{16,}|npm_\w{30,})/g;
/** https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1 : all of the user information, since some put a token in the place of the name. */
const CREDENTIALS = /:\/\/[^\s/?#"'<>]{1,1024}@/g;
const BEARER = /\b(bearer\s+)(?!realm\b|error\b|scope\b|token\b|auth)[\w.~+/=-]{4,}/gi;
const BASIC = /\b(basic\s+)([A-Za-z0-9+/]{4,}={0,2})/gi;
/** A header in a text: to the end of its line. */
const HEADER = /\b((?:authorization|cookie|x-api-key|x-auth-token)\s*:\s*)[^\r\n]+/gi;
/** As people write it and `util.inspect` prints it. */
const SAID =
  /\b((?:\w{0,32}(?:password|passwd|pwd|secret|passphrase)|(?:\w{0,32}_)?(?:token|api_?key|private_?key))["']?\s*:\s*)(?!["']?\[redacted)(?:"[^"]*"|'[^']*'|[^\s,;)}\]]+)/gi;
const ASSIGNMENT = /(?<![\w.%[\]-])([\w.%[\]-]{1,64})=(?:"[^"]*"|'[^']*'|[^&\s;"'<>]+)/g;
/** In JSON, or in JSON that is itself a text of JSON. */
const MEMBER = /\\*"([\w.-]{1,64})\\*"\s*:\s*/g;
const VALUE = /"(?:[^"\\]|\\.)*"?|\\+"(?:[^"\\]|\\+[^"\\])*(?:\\+")?|-?\d[\w.+-]*/y;

/** `X-API-Key`, `apiKey` and `api_key` are one name. */
function plain(name: string): string {
  return name
    .slice(0, 256)
    .replace(/[^\p{L}\p{N}]/gu, "")
    .toLowerCase();
}

/** https://www.rfc-editor.org/rfc/rfc7617 : only what is a name and a password, not "basic understanding". */
function basic(all: string, head: string, value: string): string {
  return Buffer.from(value, "base64").includes(":") ? `${head}${REDACTED}` : all;
}

function decoded(name: string): string {
  if (!name.includes("%")) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

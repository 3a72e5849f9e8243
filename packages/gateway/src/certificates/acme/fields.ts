/** A JSON answer, read field by field. What is missing or of another kind is ACME_INVALID_ANSWER that names the field. */
import { invalidAnswer } from "./answer-error.ts";
import { problemOf, type AcmeProblem } from "./problem.ts";
import { kindOf } from "./signed-requests.ts";
import type { Answer } from "./transport.ts";

const MOST_ITEMS = 200;

export class Fields {
  readonly #answer: Answer;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #at: string;

  constructor(answer: Answer, values: unknown = documentOf(answer), at: string = "") {
    this.#answer = answer;
    this.#at = at;
    if (typeof values !== "object" || values === null || Array.isArray(values)) throw this.wrong("", "no JSON object");
    this.#values = values as Record<string, unknown>;
  }

  value(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  has(name: string): boolean {
    const value = this.value(name);
    return value !== undefined && value !== null && value !== "";
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value === "string" && value !== "" && value.length <= 4_096) return value;
    throw this.wrong(name, "no text");
  }

  link(name: string): string {
    return this.#linked(name, this.text(name));
  }

  links(name: string): string[] {
    return this.list(name).map((one) => this.#linked(name, one));
  }

  time(name: string): number {
    const at = Date.parse(this.text(name));
    if (Number.isNaN(at)) throw this.wrong(name, "no date as RFC 3339 has them");
    return at;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.value(name);
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw this.wrong(name, `none of ${allowed.join(", ")}`);
    return found;
  }

  list(name: string): readonly unknown[] {
    const value = this.value(name);
    if (Array.isArray(value) && value.length <= MOST_ITEMS) return value as readonly unknown[];
    throw this.wrong(name, `no list of at most ${MOST_ITEMS}`);
  }

  record(name: string): Fields {
    return new Fields(this.#answer, this.value(name) ?? {}, `${this.#at}${name}.`);
  }

  records(name: string): Fields[] {
    return this.list(name).map((one, at) => new Fields(this.#answer, one, `${this.#at}${name}.${at}.`));
  }

  texts(): Record<string, string> {
    const entries = Object.entries(this.#values).slice(0, MOST_ITEMS);
    return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === "string" ? value : ""]));
  }

  problem(name: string, domain?: string): AcmeProblem | null {
    const { url, status: answerStatus } = this.#answer;
    return problemOf(this.value(name), { url, answerStatus, notBefore: null, ...(domain === undefined ? {} : { domain }) });
  }

  wrong(name: string, what: string): Error {
    return invalidAnswer(
      this.#answer.url,
      `gives an answer of which ${this.#at}${name === "" ? "the body" : name} is ${what} (RFC 8555 §7.1).`,
    );
  }

  #linked(name: string, link: unknown): string {
    const parsed = typeof link === "string" ? URL.parse(link) : null;
    if (parsed?.protocol !== "https:") throw this.wrong(name, "no https:// address");
    return parsed.href;
  }
}

// Private

function documentOf(answer: Answer): unknown {
  if (!/^application\/json\b/i.test(answer.headers["content-type"] ?? "")) {
    throw invalidAnswer(answer.url, `answers with ${kindOf(answer)} instead of application/json.`);
  }
  try {
    return JSON.parse(answer.body.toString("utf8")) as unknown;
  } catch (error) {
    throw invalidAnswer(answer.url, "answers with JSON that is cut off or damaged.", { cause: error });
  }
}

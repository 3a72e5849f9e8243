/** Reads what the builder says: lines for a person, the id of the image, and why it failed, in one line. */
import { stripVTControlCharacters } from "node:util";
import { oneLine } from "./docker-errors.ts";

/** One value of the builder's stream. */
export interface BuildWord {
  readonly stream?: string;
  /** Of a pull on the way. */
  readonly status?: string;
  readonly id?: string;
  readonly progress?: string;
  readonly error?: string;
  readonly aux?: { readonly ID?: string };
}

const STEP = /^Step (\d+\/\d+) : (.*)$/;
/** Lines that are kept for whoever asks why it failed. */
const TAIL = 20;
const PROGRESS = /^(?:Downloading|Extracting|Waiting|Verifying|Pulling fs layer)/;

export class BuildLog {
  readonly #onLine: (line: string) => void;
  #rest = "";
  #step: string | null = null;
  #last = "";
  #tail: string[] = [];
  #image: string | null = null;
  #error: string | null = null;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  get image(): string | null {
    return this.#image;
  }

  /** Docker's own words; null while all is well. */
  get error(): string | null {
    return this.#error;
  }

  /** Its last lines. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  read(word: BuildWord): void {
    if (word.stream !== undefined) this.#text(word.stream);
    if (word.status !== undefined && !PROGRESS.test(word.status)) this.#line([word.id, word.status].filter(Boolean).join(": "));
    if (word.aux?.ID !== undefined) this.#image = word.aux.ID;
    if (word.error !== undefined) this.#error = oneLine(word.error);
  }

  end(): void {
    if (this.#rest !== "") this.#line(this.#rest);
    this.#rest = "";
  }

  /** `step 2/3 (RUN make) failed: … returned a non-zero code: 2; last output: "no rule to make target"`. */
  failure(): string {
    const where = this.#step === null ? "" : `${this.#step} failed: `;
    const output = this.#last === "" ? "" : `; last output: ${JSON.stringify(this.#last)}`;
    return oneLine(`${where}${this.#error ?? "it ended without an image"}${output}`);
  }

  // Private

  #text(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  #line(raw: string): void {
    const line = stripVTControlCharacters(raw).split("\r").filter(Boolean).at(-1)?.trimEnd() ?? "";
    if (line === "") return;
    const step = STEP.exec(line);
    if (step !== null) {
      this.#step = `step ${step[1] ?? ""} (${step[2] ?? ""})`;
      this.#last = "";
    } else if (!line.startsWith(" ---> ") && !line.startsWith("Removing intermediate")) this.#last = line;
    if (!line.startsWith(" ---> ") && !line.startsWith("Removing intermediate")) this.#tail = [...this.#tail, line].slice(-TAIL);
    this.#onLine(line);
  }
}

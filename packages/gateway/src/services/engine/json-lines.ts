/** Docker's progress and events: JSON values one after the other, cut anywhere into chunks. */
import { StringDecoder } from "node:string_decoder";

/** A line may be longer than any Docker writes, but not endless. */
const LONGEST = 4 * 1024 * 1024;

export async function* jsonLines<T>(stream: AsyncIterable<Buffer | string>): AsyncGenerator<T> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    rest += typeof chunk === "string" ? chunk : decoder.write(chunk);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST) throw new Error(`a line of more than ${LONGEST} characters`);
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as T;
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as T;
}

/** One dead letter by its id, for the commands that take one. */
import { TidegateError, type DeadLetter, type Tide } from "@tidegate/streams";

export async function letterOf(tide: Tide, id: string): Promise<DeadLetter> {
  const letter = await tide.deadLetters.get(id);
  if (letter !== null) return letter;
  throw unknownLetter(id);
}

export function unknownLetter(id: string): TidegateError {
  return new TidegateError("UNKNOWN_DEAD_LETTER", `There is no dead letter ${id}.`, {
    hint: "It may have been replayed, discarded or expired. See: tidegate dlq ls",
  });
}

/** A command as one line, as a shell would take it, and back. Pure. */

/** Words of a command line: `sh -c "echo hi"`. Null: a quote is not closed. */
export function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  const word = /\s*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([^\s"']+))(?=\s|$)/y;
  while (line.slice(word.lastIndex).trim() !== "") {
    const found = word.exec(line);
    if (!found) return null;
    words.push(found[1]?.replaceAll(/\\(.)/g, "$1") ?? found[2] ?? found[3] ?? "");
  }
  return words;
}

export function commandLine(words: readonly string[]): string {
  return words.map(quotedWord).join(" ");
}

function quotedWord(word: string): string {
  return /^[^\s"'\\]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

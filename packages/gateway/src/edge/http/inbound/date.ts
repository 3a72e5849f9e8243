/** The Date field, made once a second. */
let second = 0;
let line = "";

/** With its CRLF. */
export function dateLine(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    line = `date: ${new Date(now * 1000).toUTCString()}\r\n`;
  }
  return line;
}

/** Whether lines (with CRLF each) hold a Date. */
export function hasDate(lines: string): boolean {
  let at = 0;
  while (at < lines.length) {
    if ((lines.charCodeAt(at) | 0x20) === 0x64 && lines.charCodeAt(at + 4) === 0x3a && lines.slice(at, at + 4).toLowerCase() === "date")
      return true;
    const newline = lines.indexOf("\n", at);
    if (newline < 0) return false;
    at = newline + 1;
  }
  return false;
}

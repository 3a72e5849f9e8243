/** Header lines of our own making. What is put into one cannot end it: a value that could is escaped or refused. */

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Empty where the name or the value cannot stand in a head. */
export function line(name: string, value: string): string {
  return NAME.test(name) && VALUE.test(value) ? `${name}: ${value}\r\n` : "";
}

/** Of a person's or group's name: bytes of UTF-8 beyond printable ASCII as `%XX`, and so `%` itself and what is in `also`. */
export function escaped(text: string, also = ""): string {
  if (PLAIN.test(text) && (also === "" || !text.includes(also))) return text;
  let out = "";
  for (const char of text.toWellFormed()) out += PLAIN.test(char) && char !== also ? char : percent(char);
  return out;
}

// Private

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

function percent(char: string): string {
  let out = "";
  for (const byte of Buffer.from(char, "utf8")) out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return out;
}

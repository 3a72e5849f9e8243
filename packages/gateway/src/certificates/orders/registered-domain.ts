/**
 * What somebody registered: `app.example.co.uk` → `example.co.uk`. CAs count by the Public Suffix List (publicsuffix.org), which is too large for a budget that
 * only spares us a refusal; these are the second levels that list has in dozens of countries. Where this is wrong, the CA's own limit holds.
 */
const SECOND_LEVELS = new Set("ac co com edu firm gen go gob gouv gov govt gv ind info ltd mil ne net nhs nom or org plc sch".split(" "));

export function registeredDomain(domain: string): string {
  const labels = domain.replace(/^\*\./, "").split(".");
  const [second = "", top = ""] = labels.slice(-2);
  return labels.slice(top.length === 2 && SECOND_LEVELS.has(second) ? -3 : -2).join(".");
}

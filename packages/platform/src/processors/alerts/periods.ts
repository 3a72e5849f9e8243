/** When an event or log rule would have fired, from the entries that matched in the order of their times. Pure. */
import type { AlertPreviewAnswer } from "../../contract.ts";
import { latches, needed, type EntryRule } from "./hits.ts";
import type { Hit } from "./matcher.ts";
import { moreSevere } from "./state.ts";

type Firing = AlertPreviewAnswer["firings"][number];

export function periodsOf(rule: EntryRule, hits: readonly Hit[], now: number): Firing[] {
  const subjects = new Map<string, Hit[]>();
  for (const hit of hits) subjects.set(hit.subject, [...(subjects.get(hit.subject) ?? []), hit]);
  const found = [...subjects.values()].flatMap((own) => (latches(rule.condition) ? latched(rule, own) : windowed(rule, own, now)));
  return found.flatMap((period) => afterWaiting(rule, period, now));
}

// Private

/** From the entry that made it enough until one that resolves it. */
function latched(rule: EntryRule, hits: readonly Hit[]): Firing[] {
  const firings: Firing[] = [];
  let recent: Hit[] = [];
  for (const hit of hits) {
    const open = firings.at(-1)?.to === null;
    if (hit.facts === null) {
      if (open) end(firings, hit.at);
      recent = [];
      continue;
    }
    recent = [...recent, hit].filter(({ at }) => at > hit.at - rule.condition.window * 1000);
    if (open) extend(firings, hit, recent.length);
    else if (recent.length >= needed(rule.condition)) firings.push(begin(hit, recent.length));
  }
  return firings;
}

/** From the entry that made it enough until the window holds too few. */
function windowed(rule: EntryRule, hits: readonly Hit[], now: number): Firing[] {
  const firings: Firing[] = [];
  const size = rule.condition.window * 1000;
  const count = needed(rule.condition);
  let first = 0;
  for (const [index, hit] of hits.entries()) {
    while ((hits[first]?.at ?? hit.at) <= hit.at - size) first += 1;
    const held = index - first + 1;
    if (held < count) continue;
    const until = (hits[index - count + 1]?.at ?? hit.at) + size;
    const last = firings.at(-1);
    if (last !== undefined && (last.to ?? 0) >= hit.at) extend(firings, hit, held);
    else firings.push(begin(hit, held));
    end(firings, until);
  }
  return firings.map((firing) => ((firing.to ?? 0) > now ? { ...firing, to: null } : firing));
}

/** What did not last as long as `for` says never fired. */
function afterWaiting(rule: EntryRule, firing: Firing, now: number): Firing[] {
  const from = firing.from + rule.for * 1000;
  return from > (firing.to ?? now) ? [] : [{ ...firing, from }];
}

function begin(hit: Hit, held: number): Firing {
  return { subject: hit.subject, from: hit.at, to: null, peak: held, severity: hit.facts?.severity ?? hit.rule.severity };
}

function extend(firings: Firing[], hit: Hit, held: number): void {
  const last = firings.at(-1);
  if (last === undefined) return;
  const severity = hit.facts !== null && moreSevere(hit.facts.severity, last.severity) ? hit.facts.severity : last.severity;
  firings[firings.length - 1] = { ...last, peak: Math.max(last.peak ?? 0, held), severity };
}

function end(firings: Firing[], at: number): void {
  const last = firings.at(-1);
  if (last !== undefined) firings[firings.length - 1] = { ...last, to: at };
}

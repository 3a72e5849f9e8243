/** How revisions and the plan of an import look in a terminal. */
import type { EntityKind } from "@tidegate/gateway";
import type { ConfigImportAnswer, RevisionAnswer } from "../contract.ts";
import { ago, counted, line, paint, printable, type Column } from "./output.ts";

/** As the gateway has them; loading it for their names alone would cost every command its start. */
export const KINDS: readonly EntityKind[] = [
  "token",
  "service",
  "external_service",
  "port",
  "certificate_request",
  "certificate",
  "target",
  "route",
];

export const REVISION_COLUMNS: readonly Column<RevisionAnswer>[] = [
  { title: "KIND", value: ({ kind }) => kind },
  { title: "NAME", value: ({ name }) => name },
  { title: "VERSION", value: ({ version }) => version, right: true },
  { title: "CHANGE", value: ({ change }) => change },
  { title: "WHEN", value: ({ at }) => ago(at) },
  { title: "BY", value: ({ by }) => by },
  { title: "TRACE", value: ({ trace }) => trace ?? "-" },
];

/** What an import does, or would do. */
export function printPlan({ dry_run: dry, kinds, problems, warnings }: ConfigImportAnswer): void {
  for (const [kind, { created, changed, same, removed }] of Object.entries(kinds)) {
    for (const [mark, color, names] of [
      ["+", "green", created],
      ["~", "yellow", changed],
      ["-", "red", removed],
    ] as const)
      for (const name of names) line(`${paint(color, mark)} ${kind} ${printable(name)}`);
    if (same.length > 0) line(paint("dim", `= ${counted(same.length, kind)} as in the file`));
  }
  for (const { name, code, message } of problems) line(`${paint("red", "✗")} service ${printable(name)}: ${printable(message)} (${code})`);
  for (const warning of warnings) line(`${paint("yellow", "!")} ${printable(warning)}`);
  if (sum(kinds) === 0) line("Everything is as in the file already.");
  else if (dry) line("Nothing was changed.");
}

export function sum(kinds: ConfigImportAnswer["kinds"]): number {
  return Object.values(kinds).reduce((total, { created, changed, removed }) => total + created.length + changed.length + removed.length, 0);
}

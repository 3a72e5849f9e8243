/** Ports in rows and words. */
import type { PortAnswer, PortCheckAnswer, PortRangesAnswer } from "../contract.ts";
import { ago, count, type Column } from "./output.ts";

export const PORT_COLUMNS: readonly Column<PortAnswer>[] = [
  { title: "PORT", value: ({ protocol, port }) => `${protocol}/${port}` },
  { title: "ADDRESS", value: ({ bind_address: bind }) => bind },
  { title: "OWNER", value: ({ owner }) => owner },
  { title: "BY", value: ({ by }) => by },
  { title: "SINCE", value: ({ allocated_at: at }) => ago(at) },
  { title: "ENDS", value: ({ expires_at: until }) => (until === null ? "-" : ago(until)) },
  { title: "DESCRIPTION", value: ({ description }) => (description === "" ? "-" : description) },
];

export const RANGE_COLUMNS: readonly Column<PortRangesAnswer["items"][number]>[] = [
  { title: "FROM", value: ({ from }) => from, right: true },
  { title: "TO", value: ({ to }) => to, right: true },
  { title: "PORTS", value: ({ count: ports }) => count(ports), right: true },
];

/** `8080 on 127.0.0.1 is taken by nginx (pid 812)` */
export function answerWords({ port, protocol, bind_address: bind, available, holder, reason }: PortCheckAnswer): string {
  const name = `${protocol === "tcp" ? "" : "udp/"}${port} on ${bind}`;
  if (available) return `${name} is free`;
  const kept = /restricted|keeps/.test(reason ?? "");
  if (!kept) return `${name} is taken by ${holder ?? "somebody"}`;
  return `${name} is never given: ${reason ?? ""}${holder === null ? "" : `; ${holder} has it`}`;
}

export function endOf({ expires_at: until }: PortAnswer): string {
  return until === null ? "until it is released" : `until ${new Date(until).toISOString()} (${ago(until)}), unless renewed`;
}

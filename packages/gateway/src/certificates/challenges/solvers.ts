/** The ways a running program can show a CA that it controls a name; dns-01 only where somebody writes its records. */
import type { AcmeSettings, DnsHook } from "../authority.ts";
import type { Clock } from "../clock.ts";
import type { Board } from "./board.ts";
import { ExecWriter } from "./dns/exec.ts";
import { Propagation, type PropagationOptions } from "./dns/propagation.ts";
import { DynamicUpdate } from "./dns/rfc2136.ts";
import { WebhookWriter } from "./dns/webhook.ts";
import type { TxtWriter } from "./dns/writer.ts";
import { DnsSolver } from "./dns.ts";
import { HttpSolver } from "./http.ts";
import type { Solver } from "./solver.ts";
import { TlsAlpnSolver } from "./tls-alpn.ts";

export interface SolversOf {
  readonly settings: Pick<AcmeSettings, "dns">;
  readonly board: Board;
  readonly clock: Clock;
  /** What could not be taken away again. Default: nobody is told. */
  readonly onTrouble?: (message: string) => void;
  /** Which name servers are asked. Default: those of the machine, and of the zone. */
  readonly propagation?: Omit<PropagationOptions, "clock">;
}

export function solversOf({ settings, board, clock, onTrouble = () => {}, propagation = {} }: SolversOf): Solver[] {
  const solvers: Solver[] = [new HttpSolver(board, onTrouble), new TlsAlpnSolver(board, onTrouble)];
  if (settings.dns === null) return solvers;
  const writer = writerOf(settings.dns, clock);
  return [...solvers, new DnsSolver({ writer, propagation: new Propagation({ clock, ...propagation }), onTrouble })];
}

// Private

function writerOf(hook: DnsHook, clock: Clock): TxtWriter {
  switch (hook.kind) {
    case "exec":
      return new ExecWriter(hook.command);
    case "webhook":
      return new WebhookWriter(hook.url, hook.token);
    case "rfc2136":
      return new DynamicUpdate(hook, clock);
  }
}

/** One component logs what it does; nothing secret is kept, entries know their trace, and the level changes while the program runs. */
import { bridgeConsole, connect, readRecord, type TelemetryRecord } from "@tidegate/streams";

// A prefix of its own keeps the example's entries apart; a program leaves it out.
await using tide = await connect({ service: "shop", telemetry: { prefix: "example-logging:" } });
const reader = tide.store("reader");
await reader.ask(["DEL", "example-logging:logs:all:stream", "example-logging:logs:control"]);

const logger = tide.logger("checkout", { region: "eu" });
logger.debug("not kept: the least level is info", () => ({ costly: "not even computed" }));
logger.info("calling https://shop:hunter2@bank.example", { order: 7, headers: { Authorization: "Bearer abc123" } });
logger.error("payment failed", new Error("card refused", { cause: new Error("limit reached") }));

// What is logged within a trace carries its id by itself.
await tide.trace("refund", async (span) => {
  await Promise.resolve();
  logger.child({ refund: 3 }).warn("refunding by hand");
  console.log("in the trace:", (await entries()).at(-1)?.traceId === span.traceId);
});

logger.response({ method: "GET", path: "/orders/7", query: "token=abc123", status: 200, duration: 12.4 });
logger.audit({ actor: "ann", action: "refunded", resource: "orders/7", result: "done" });

// From any program, for all programs.
await tide.logs.set({ levels: { checkout: "debug" } });
logger.debug("kept from now on");

// What is printed with console is kept as well.
const undo = bridgeConsole(tide, { component: "legacy", keep: false });
console.warn("%d tills are", 2, "open", { password: "hunter2" });
undo();

for (const { level, component, message, fields } of await entries()) {
  const { error, ...rest } = fields;
  const failure = error as { name: string; message: string; causes: { message: string }[] } | undefined;
  const why = failure === undefined ? "" : ` (${failure.name}: ${failure.message}, because: ${failure.causes[0]?.message})`;
  console.log(level, component, message + why, JSON.stringify(rest));
}

async function entries(): Promise<TelemetryRecord[]> {
  await tide.flush();
  const found = (await reader.ask(["XRANGE", "example-logging:logs:all:stream", "-", "+"])) as [id: string, fields: string[]][];
  return found.map(([id, fields]) => readRecord(id, pairs(fields)));
}

function pairs(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""]] : [])));
}

/** Stands in for the rest of the system: starts `tidegate worker handlers.ts` as a person would, publishes, waits for the answer. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { connect } from "@tidegate/streams";

const namespace = "example-worker";
const tidegate = `${import.meta.dirname}/../../node_modules/.bin/tidegate`;
const command = [tidegate, "worker", `${import.meta.dirname}/handlers.ts`, "--namespace", namespace];
const worker = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
const lines = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
const nextLine = async (): Promise<string> => (await lines.next()).value ?? "the worker ended";

try {
  console.log("worker:", withoutAddress(await nextLine()));
  await using tide = await connect({ namespace, service: "sign-up" });

  const created = await tide.publish("identity", { type: "user_created", data: { name: "Ada" } });
  for await (const message of tide.messages("greetings")) {
    await message.ack();
    console.log((message.data as { text: string }).text);
    console.log("same correlation id:", message.correlationId === created.messageId);
    break;
  }
  await tide.publish("identity", { type: "user_deleted", data: { name: "Ada" } });
  console.log("worker:", await nextLine());
} finally {
  worker.kill("SIGTERM");
  if (worker.exitCode === null) await once(worker, "exit");
}
console.log("worker ended with", worker.exitCode);

function withoutAddress(line: string): string {
  return line.replace(/ on .*/, "");
}

/** `tidegate proxy pause|resume|maintenance`: what is done to a host name as it is. */
import type { Command } from "commander";
import type { ProxyTargetDoneAnswer } from "../contract.ts";
import { usage } from "./failure.ts";
import { askInstance, runningInstance } from "./instance-client.ts";
import { wholeNumber } from "./numbers.ts";
import { line, paint, printable, printJson } from "./output.ts";
import { targetPath } from "./proxy-path.ts";
import { afterChange } from "./proxy-words.ts";
import { settingsOf } from "./session.ts";

export function addModes(proxy: Command): void {
  proxy
    .command("pause")
    .description("New requests wait at the door; those under way go on.")
    .argument("<host>")
    .option("--hold <seconds>", "how long one waits at most, then 503; default: 30", wholeNumber(1, 600))
    .action(pause);
  proxy.command("resume").description("Let requests in again.").argument("<host>").action(resume);
  proxy
    .command("maintenance")
    .description("Answer every request with 503 and a message; --off lets them in again.")
    .argument("<host>")
    .option("--message <text>", "what visitors read")
    .option("--off", "let requests in again")
    .action(maintenance);
}

// Private

async function pause(host: string, { hold }: { hold?: number }, command: Command): Promise<void> {
  const answer = await act(host, "pause", { query: { hold } });
  if (settingsOf(command).json) return printJson(answer);
  say(`${answer.hostname} is paused; new requests wait for up to ${answer.hold} s.`);
  line(`  Let them in again: tidegate proxy resume ${answer.hostname}`);
  afterChange(answer);
}

async function resume(host: string, _: unknown, command: Command): Promise<void> {
  const answer = await act(host, "resume", {});
  if (settingsOf(command).json) return printJson(answer);
  say(`${answer.hostname} takes requests again.`);
  afterChange(answer);
}

async function maintenance(host: string, { message, off }: { message?: string; off?: boolean }, command: Command): Promise<void> {
  if (off === true && message !== undefined) throw usage("--off needs no message.");
  if (off === true) return await resume(host, null, command);
  const answer = await act(host, "maintenance", { body: message === undefined ? {} : { message } });
  if (settingsOf(command).json) return printJson(answer);
  say(`${answer.hostname} answers every request with 503.`);
  line(`  Let them in again: tidegate proxy maintenance ${answer.hostname} --off`);
  afterChange(answer);
}

async function act(host: string, verb: string, more: { query?: object; body?: unknown }): Promise<ProxyTargetDoneAnswer> {
  return (await askInstance(runningInstance(), targetPath(host, verb), { method: "POST", ...more })) as ProxyTargetDoneAnswer;
}

function say(words: string): void {
  line(`${paint("green", "✓")} ${printable(words)}`);
}

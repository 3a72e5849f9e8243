/** A template was missing, so mails died. The same failures are counted together, looked at, and replayed as a job at a steady rate. */
import { EventEmitter, once } from "node:events";
import { connect, Unrecoverable, type Settlement } from "@tidegate/streams";

await using tide = await connect({ namespace: "example-replay", service: "mailer" });
const news = new EventEmitter();
const left = { dead_lettered: 0, acked: 0 };
let templates = new Set<string>();

await tide.consume("mails", { onSettled: count }, ({ data }) => {
  const { template } = data as { template: string };
  if (!templates.has(template)) throw new Unrecoverable(`no template "${template}"`, { code: "NO_TEMPLATE" });
});

const died = once(news, "dead_lettered 3");
await tide.publishMany("mails", [
  { type: "mail", data: { to: "ada", template: "welcome" } },
  { type: "mail", data: { to: "ben", template: "welcome" } },
  { type: "mail", data: { to: "cleo", template: "wellcome" } },
]);
await died;
for (const { count: many, errorCode, errorMessage } of await tide.deadLetters.groups()) console.log(many, errorCode, errorMessage);

// The cause is mended for most of them; one had a typing error, which is mended in the letter itself.
templates = new Set(["welcome"]);
const mended = once(news, "acked 1");
const misspelt = await tide.deadLetters.replay({ text: "wellcome" }, { edit: { data: { to: "cleo", template: "welcome" } } });
await mended;
console.log("replayed with an edit:", misspelt.replayed);

// The rest as a job: at most 50 letters a second, and any process of the namespace goes on with it should this one end.
const delivered = once(news, "acked 3");
const { id, total } = await tide.deadLetters.startReplay({ errorCode: "NO_TEMPLATE" }, { rate: 50 });
console.log("a job over", total, "letters");
await delivered;

let job = await tide.deadLetters.job(id);
while (job?.state === "running") job = await tide.deadLetters.job(id);
console.log(`${job?.state}: replayed ${job?.replayed}, skipped ${job?.skipped}, dead letters left ${await tide.deadLetters.count()}`);

function count({ outcome }: Settlement): void {
  if (outcome === "acked" || outcome === "dead_lettered") news.emit(`${outcome} ${++left[outcome]}`);
}

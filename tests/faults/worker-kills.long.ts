/** Full form: 50 kills while 20,000 messages are published. Run by `npm run test:long -- worker-kills`. */
import { conclude } from "./conclude.ts";
import { workerKills } from "./worker-kills.ts";

const report = (line: string): void => void process.stdout.write(`${line}\n`);
conclude("worker-kills", (await workerKills({ kills: 50, messages: 20_000, report })).problems);

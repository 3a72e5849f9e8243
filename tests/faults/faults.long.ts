/** `npm run test:long -- faults [--seed N] [--only <name>] [--minutes M]`: every kind of fault, one after another. */
import { runKinds } from "./kinds.ts";

process.exitCode = await runKinds(process.argv.slice(2), (text) => void process.stdout.write(`${text}\n`));

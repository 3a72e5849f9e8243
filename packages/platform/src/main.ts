/** Where `bin/tidegate.js` enters: everything else is loaded by the command that needs it. */
import { run } from "./cli/root.ts";

await run(process.argv);

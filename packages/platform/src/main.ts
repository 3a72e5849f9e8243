/** Where `bin/tidegate.js` enters: everything else is loaded by the command that needs it, compiled once for all of them. */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));

// Where it cannot be written, everything is compiled anew; NODE_COMPILE_CACHE goes before.
enableCompileCache(CACHE);
const { run } = await import("./cli/root.ts");
await run(process.argv);

/** One edge worker as a process of its own, to be killed: `worker-process.ts <redis url> <data folder> <id>`. */
import { EdgeWorker } from "../worker.ts";

const [url = "", dataFolder = "", id = ""] = process.argv.slice(2);
const worker = new EdgeWorker({ connection: { url, namespace: "edge" }, namespace: "edge", prefix: "", id, dataFolder });
process.on("SIGTERM", () => void worker.stop().then(() => process.exit(0)));
await worker.start();

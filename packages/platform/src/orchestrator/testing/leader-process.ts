/** A control process reduced to its election, for the tests: says when it comes to lead and when it does not any more. */
import { connect } from "@tidegate/streams";
import { PlatformKeys } from "../../redis/keys.ts";
import { Leader } from "../leader.ts";

const [url = "", instance = ""] = process.argv.slice(2);
await using tide = await connect({ url, namespace: "election" });
const keys = new PlatformKeys("election", "");
const leader = new Leader({ streams: { tide }, keys, instance, onChange: (leads) => process.send?.({ leads, fence: leader.fence }) });
await leader.start();
process.send?.({ ready: true });
const { promise, resolve } = Promise.withResolvers<void>();
process.on("message", (message) =>
  message === "stop" ? resolve() : process.send?.({ asked: true, leads: leader.leading, fence: leader.fence }),
);
await promise;
await leader.stop();
process.disconnect();

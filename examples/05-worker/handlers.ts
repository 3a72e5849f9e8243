/** A handlers file for `tidegate worker`: topic → event type → function. `*` takes what has no function of its own. */
import type { ConsumeOptions, HandlerContext, Message } from "@tidegate/streams";

export const options: ConsumeOptions = { group: "greeter", concurrency: 2, from: "beginning" };

export default {
  identity: {
    // Published from a handler: correlation and trace ids travel by themselves.
    user_created: async (message: Message, { publish }: HandlerContext): Promise<void> => {
      const { name } = message.data as { name?: string };
      await publish("greetings", { type: "greeting_written", data: { text: `Welcome, ${name ?? "stranger"}!` } });
    },
    "*": (message: Message): void => console.log(`nothing to do for ${message.type}`),
  },
};

// A node:test reporter that writes only the final counts, for the summary over all tiers.
export default async function* counts(events) {
  for await (const event of events) {
    if (event.type === "test:summary" && event.data.file === undefined) yield `${JSON.stringify(event.data.counts)}\n`;
  }
}

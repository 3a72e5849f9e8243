/** What a stream of logs or events holds, read: for tests that ask what was told. */
import { readRecord, type Store, type TelemetryRecord } from "@tidegate/streams";

export async function recordsOf(store: Store, stream: string): Promise<TelemetryRecord[]> {
  const reply = await store.ask(["XRANGE", stream, "-", "+"]);
  return (Array.isArray(reply) ? reply : []).flatMap((entry) => {
    if (!Array.isArray(entry) || !Array.isArray(entry[1])) return [];
    const words = entry[1].map(String);
    const pairs = words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ""]] : []));
    return [readRecord(String(entry[0]), Object.fromEntries(pairs) as Record<string, string>)];
  });
}

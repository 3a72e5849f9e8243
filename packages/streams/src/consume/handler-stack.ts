/**
 * The part of a stack that a handler's author can use. Every handler is called through the same frames of ours, which would be most of
 * each stored attempt; they are cut off at the frame through which handlers are entered. A stack without that frame stays as it is.
 */
/** `streams/src/consume/handle.`, or `dist` where published; the same in frames named by URL and by path. */
const ENTRY = new URL("./handle.", import.meta.url).pathname.split("/").slice(-4).join("/");
const CONTEXT_FRAME = "node:internal/async_local_storage";

export function handlerStack(stack: string): string {
  const entry = stack.lastIndexOf(ENTRY);
  if (entry === -1) return stack;
  const cut = lineBefore(stack, entry);
  const before = lineBefore(stack, cut);
  const own = stack.slice(before, cut).includes(CONTEXT_FRAME) ? before : cut;
  return own > 0 ? stack.slice(0, own) : stack;
}

/** Where the line that contains `at` begins, its line break included. */
function lineBefore(stack: string, at: number): number {
  return stack.lastIndexOf("\n", at - 1);
}

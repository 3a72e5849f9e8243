/**
 * Paths that need nothing. A prefix ends at a segment: `/public` is not `/publicity`. A path that could be read as another one behind us, with
 * `;` or escapes of `/ \ % ? # ;` or of NUL, is never excluded, or `/public/..%2fadmin` would open what is closed.
 */
const AMBIGUOUS = /[;\\]|%(?:2f|5c|25|3b|3f|23|00)/i;

export function excluder(prefixes: readonly string[]): (path: string) => boolean {
  if (prefixes.length === 0) return () => false;
  return (path) => prefixes.some((prefix) => isUnder(path, prefix)) && !AMBIGUOUS.test(path);
}

// Private

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

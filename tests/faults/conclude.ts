/** How a long run ends for its caller: the verdict in words, and the exit code. */
export function conclude(name: string, problems: readonly string[]): void {
  for (const problem of problems) process.stdout.write(`${name}: FAILED  ${problem}\n`);
  if (problems.length === 0) process.stdout.write(`${name}: passed\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

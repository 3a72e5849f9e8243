/**
 * Messages come from anywhere, also from a person's terminal: a field is read with its type checked, or it is not there.
 */
export function fieldOf(data: unknown, name: string): unknown {
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>)[name] : undefined;
}

export function textOf(data: unknown, name: string): string | undefined {
  const value = fieldOf(data, name);
  return typeof value === "string" ? value : undefined;
}

export function numberOf(data: unknown, name: string): number | undefined {
  const value = fieldOf(data, name);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function listOf(data: unknown, name: string): readonly unknown[] {
  const value = fieldOf(data, name);
  return Array.isArray(value) ? value : [];
}

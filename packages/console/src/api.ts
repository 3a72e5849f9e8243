/** The one way to REST. Every failure becomes an `ApiError` with a problem a person can act on; a 401 ends the session. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import type { Problem, SessionAnswer } from "tidegate/contract";
import { lastClick } from "./last-click.ts";

/** `undefined`: not known yet; `null`: signed out. */
export const session = signal<SessionAnswer | null | undefined>(undefined);

class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
    this.problem = problem;
  }
}

export async function api<T>(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await send(method, path, body, signal);
  if (response.ok) return (await readBody(response)) as T;
  if (response.status === 401) session.value = null;
  throw new ApiError(await readProblem(response));
}

/** What went wrong, whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { type: "about:blank", title: "Unexpected error", status: 0, detail, code: "CONSOLE_ERROR", request_id: "" };
}

/** Fields without a value are left out. */
export function queryOf(fields: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    if (value !== null && value !== undefined && value !== "") params.set(name, String(value));
  const text = params.toString();
  return text ? `?${text}` : "";
}

export interface Resource<T> {
  data: T | null;
  problem: Problem | null;
  reload: () => void;
}

/** Reads a path now, again every `every` milliseconds while the page is visible, and on `reload()`. A null path reads nothing. */
export function useResource<T>(path: string | null, every = 0): Resource<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; problem: Problem | null }>({ path, data: null, problem: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    const read = () => void readInto(path, abort.signal, setState);
    read();
    const timer = every > 0 ? setInterval(() => document.hidden || read(), every) : undefined;
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [path, every, round]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  const current = state.path === path;
  return { data: current ? state.data : null, problem: current ? state.problem : null, reload };
}

async function readInto<T>(
  path: string,
  signal: AbortSignal,
  set: (
    change: (old: { path: string | null; data: T | null; problem: Problem | null }) => {
      path: string;
      data: T | null;
      problem: Problem | null;
    },
  ) => void,
): Promise<void> {
  try {
    const data = await api<T>("GET", path, undefined, signal);
    if (!signal.aborted) set(() => ({ path, data, problem: null }));
  } catch (error) {
    if (!signal.aborted) set((old) => ({ path, data: old.path === path ? old.data : null, problem: problemOf(error) }));
  }
}

async function send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = { method, credentials: "same-origin" };
  if (signal) init.signal = signal;
  const headers: Record<string, string> = { accept: "application/json" };
  const click = method === "GET" || path.endsWith("/preview") ? null : lastClick();
  if (click !== null) headers["x-tidegate-click"] = click;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    headers["content-type"] = "application/json";
  }
  init.headers = headers;
  try {
    return await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(unreachable());
  }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}

async function readProblem(response: Response): Promise<Problem> {
  try {
    const found = (await response.json()) as Partial<Problem>;
    if (typeof found.detail === "string" && typeof found.code === "string") return found as Problem;
  } catch {
    // Not a problem document: a proxy in between answered.
  }
  const detail = `The server answered ${response.status} ${response.statusText} without an explanation.`;
  return {
    type: "about:blank",
    title: response.statusText,
    status: response.status,
    detail,
    code: `HTTP_${response.status}`,
    request_id: response.headers.get("x-request-id") ?? "",
  };
}

function unreachable(): Problem {
  return {
    type: "about:blank",
    title: "No answer",
    status: 0,
    detail: `Tidegate at ${location.host} does not answer.`,
    hint: "Check that `npx tidegate up` is still running on that machine.",
    code: "UNREACHABLE",
    request_id: "",
  };
}

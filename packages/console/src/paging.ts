/**
 * A list read page by page with the server's cursor. It holds at most `most` rows: the page stays quick, and who wants older ones narrows the
 * range instead. A new path begins anew; a failed page leaves what is there.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "tidegate/contract";
import { api, problemOf } from "./api.ts";

export interface Paged<Answer> {
  /** Oldest asked first; empty until the first has come. */
  pages: readonly Answer[];
  problem: Problem | null;
  loading: boolean;
  /** Reads the page after the last; null: there is none, or the list is full. */
  more: (() => void) | null;
  full: boolean;
  reload: () => void;
}

interface State<Answer> {
  path: string | null;
  pages: readonly Answer[];
  problem: Problem | null;
  loading: boolean;
}

/** `path` without a cursor; null reads nothing. */
export function usePages<Answer extends { next: string | null }>(path: string | null, mostPages: number): Paged<Answer> {
  const blank: State<Answer> = { path, pages: [], problem: null, loading: path !== null };
  const [state, setState] = useState(blank);
  const [round, setRound] = useState(0);
  const running = useRef<AbortController | null>(null);
  const read = useCallback(
    (cursor: string | null, keep: readonly Answer[]) => {
      running.current?.abort();
      if (path === null) return;
      running.current = new AbortController();
      setState((old) => ({ path, pages: old.path === path ? old.pages : keep, problem: null, loading: true }));
      void readPage(path, cursor, keep, running.current.signal, setState);
    },
    [path],
  );
  useEffect(() => {
    read(null, []);
    return () => running.current?.abort();
  }, [read, round]);
  const current = state.path === path ? state : blank;
  const next = current.pages.at(-1)?.next ?? null;
  const full = current.pages.length >= mostPages;
  return {
    pages: current.pages,
    problem: current.problem,
    loading: current.loading,
    more: next === null || full ? null : () => read(next, current.pages),
    full: full && next !== null,
    reload: useCallback(() => setRound((n) => n + 1), []),
  };
}

async function readPage<Answer>(
  path: string,
  cursor: string | null,
  keep: readonly Answer[],
  signal: AbortSignal,
  set: (change: (old: State<Answer>) => State<Answer>) => void,
): Promise<void> {
  try {
    const address = cursor === null ? path : `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`;
    const page = await api<Answer>("GET", address, undefined, signal);
    if (!signal.aborted) set(() => ({ path, pages: [...keep, page], problem: null, loading: false }));
  } catch (error) {
    if (!signal.aborted) set((old) => ({ ...old, path, problem: problemOf(error), loading: false }));
  }
}

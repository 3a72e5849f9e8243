/** A screen whose code is fetched when it is first shown, so that the others do not wait for it. */
import { useEffect, useState } from "preact/hooks";
import type { FunctionComponent, JSX } from "preact";
import { problemOf } from "../api.ts";
import { Loading, ProblemBox } from "../parts/notices.tsx";
import type { Problem } from "tidegate/contract";

export function later<P extends object>(fetch: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let screen: FunctionComponent<P> | null = null;
  return function Later(props: P): JSX.Element {
    const [problem, setProblem] = useState<Problem | null>(null);
    const [, setRound] = useState(0);
    const load = async () => {
      try {
        screen = await fetch();
        setRound((n) => n + 1);
      } catch (error) {
        setProblem(problemOf(error));
      }
    };
    useEffect(() => {
      if (screen) return;
      void load();
    }, []);
    if (problem) return <ProblemBox problem={problem} retry={() => location.reload()} />;
    if (!screen) return <Loading />;
    const Screen = screen;
    return <Screen {...props} />;
  };
}

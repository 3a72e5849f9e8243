/** Asks how to replay many: at once, or in the background at a rate the group can bear. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { count, duration, plural } from "../format.ts";

/** `at once`, or letters a second; null when nothing is to happen. */
export type Pace = "at once" | number | null;

interface Asked {
  n: number;
  what: string;
  answer: (pace: Pace) => void;
}

const open = signal<Asked | null>(null);

export function askPace(n: number, what: string): Promise<Pace> {
  open.value?.answer(null);
  return new Promise((resolve) => {
    open.value = {
      n,
      what,
      answer: (pace) => {
        open.value = null;
        resolve(pace);
      },
    };
  });
}

export function ReplayDialog(): JSX.Element | null {
  const asked = open.value;
  return asked && <Dialog {...asked} />;
}

/** Above this a flood is more likely than not what broke the group in the first place. */
const manyLetters = 500;

function Dialog({ n, what, answer }: Asked): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [slowly, setSlowly] = useState(n > manyLetters);
  const [rate, setRate] = useState("50");
  useEffect(() => dialog.current?.showModal(), []);
  const perSecond = Number(rate);
  const allowed = !slowly || (perSecond > 0 && perSecond <= 100_000);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="replay-title" onClose={() => answer(null)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (allowed) answer(slowly ? perSecond : "at once");
        }}
      >
        <h2 id="replay-title">Replay {plural(n, "message")}?</h2>
        <p>From {what}. Each goes back to the group it failed in, with fresh attempts; other groups do not see it.</p>
        <fieldset class="pace">
          <legend class="faint">How fast</legend>
          <label>
            <input type="radio" name="pace" checked={!slowly} onChange={() => setSlowly(false)} /> At once
          </label>
          <label>
            <input type="radio" name="pace" checked={slowly} onChange={() => setSlowly(true)} /> In the background, at most
          </label>
          <label class="rate">
            <input
              type="number"
              min={0.1}
              max={100_000}
              step="any"
              aria-label="Messages a second"
              value={rate}
              disabled={!slowly}
              onInput={(event) => setRate(event.currentTarget.value)}
            />{" "}
            a second{slowly && allowed && `, about ${duration((n / perSecond) * 1000)}`}
          </label>
        </fieldset>
        <div class="actions">
          <button type="button" class="button" onClick={() => answer(null)}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={!allowed}>
            Replay {count(n)}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** How a form ends: what is still wrong with it, what the server said, the button that sends it and the one that leaves it. */
import type { ComponentChildren, JSX } from "preact";
import type { Problem } from "tidegate/contract";
import { ProblemBox } from "./notices.tsx";

interface FormEndProps {
  /** What the button that sends says. */
  action: string;
  problem: Problem | null;
  close: () => void;
  /** Why it cannot be sent yet, in the form's own words. Left out: such a form checks nothing itself. */
  fault?: string | null;
  /** Default: when there is a fault. */
  disabled?: boolean;
  leave?: string;
  /** Between the problem and the buttons. */
  children?: ComponentChildren;
  /** Behind the buttons. */
  aside?: ComponentChildren;
}

export function FormEnd(props: FormEndProps): JSX.Element {
  const { action, problem, close, fault, disabled = Boolean(fault), leave = "Cancel", children, aside } = props;
  return (
    <>
      {fault !== undefined && (
        <p class="fault" aria-live="polite">
          {fault}
        </p>
      )}
      {problem && <ProblemBox problem={problem} />}
      {children}
      <div class="actions">
        <button type="submit" class="button primary" disabled={disabled}>
          {action}
        </button>
        <button type="button" class="button" onClick={close}>
          {leave}
        </button>
        {aside}
      </div>
    </>
  );
}

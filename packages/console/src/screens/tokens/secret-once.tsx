/** The secret of a token, the only time it is there. */
import type { JSX } from "preact";
import type { NewTokenAnswer } from "tidegate/contract";
import { CopyCommand } from "../../parts/copy.tsx";
import { Sign } from "../../parts/icons.tsx";

export function SecretOnce({ made, close }: { made: NewTokenAnswer; close: () => void }): JSX.Element {
  return (
    <section class="secret panel" aria-label={`Secret of ${made.name}`}>
      <h2>
        <Sign name="warn" /> The secret of {made.name}: keep it now, it is not shown again
      </h2>
      <CopyCommand command={made.token} />
      <p class="faint">
        Send it as <code>Authorization: Bearer …</code>, or set <code>ADMIN_TOKEN</code> for the command line. Only its hash is kept.
      </p>
      <div class="actions">
        <button type="button" class="button" onClick={close}>
          I have it
        </button>
      </div>
    </section>
  );
}

/** An address that names no screen. */
import type { JSX } from "preact";
import { path } from "../router.ts";

export function NotFoundScreen(): JSX.Element {
  return (
    <>
      <h1>No such screen</h1>
      <p>
        <code>{path.value}</code> is not part of the console. <a href="/">Go to the overview</a>.
      </p>
    </>
  );
}

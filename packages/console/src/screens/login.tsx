/** Signing in: by the one-use link the terminal prints, or by pasting the admin token. */
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem } from "tidegate/contract";
import { Wordmark } from "../parts/icons.tsx";
import { CopyCommand } from "../parts/copy.tsx";
import { ProblemBox } from "../parts/notices.tsx";
import { loadSession, signIn } from "../session.ts";

export function LoginScreen(): JSX.Element {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [token, setToken] = useState("");
  const attempt = async (proof: { code: string } | { token: string }) => {
    setBusy(true);
    setProblem(await signIn(proof));
    setBusy(false);
  };
  useEffect(() => {
    const code = takeCode();
    if (code !== null) void attempt({ code });
    else void loadSession();
  }, []);
  return (
    <main class="login">
      <form
        class="panel"
        aria-label="Sign in"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt({ token: token.trim() });
        }}
      >
        <Wordmark />
        <h1>Sign in</h1>
        {problem && <ProblemBox problem={problem} />}
        <p>The terminal in which Tidegate started shows a link that signs you in, once. Later, paste the admin token, which this prints:</p>
        <CopyCommand command="cat .tidegate/admin-token" />
        <label class="field">
          <span>Admin token</span>
          <input
            name="token"
            type="password"
            autocomplete="current-password"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}

/** The code leaves the address bar at once, so that it is neither bookmarked nor shared. */
function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) history.replaceState(null, "", location.pathname);
  return code;
}

/** Who is asking. The cookie itself is HttpOnly; this only learns whether it is accepted. */
import type { Problem, SessionAnswer } from "tidegate/contract";
import { api, problemOf, session } from "./api.ts";
import { navigate, path } from "./router.ts";

export { session };

/** Waits for a login by link, which will load the session itself. */
export async function loadSession(): Promise<void> {
  if (path.value === "/login" && location.hash.includes("code=")) return;
  try {
    session.value = await api<SessionAnswer>("GET", "/api/v1/session");
  } catch (error) {
    if (problemOf(error).code === "UNREACHABLE") setTimeout(() => void loadSession(), 2000);
    else session.value = null;
  }
}

/** Exchanges a one-use code or the admin token for the cookie. Answers what was wrong, or null. */
export async function signIn(proof: { code: string } | { token: string }): Promise<Problem | null> {
  try {
    await api("POST", "/api/v1/session/login", proof);
    session.value = await api<SessionAnswer>("GET", "/api/v1/session");
  } catch (error) {
    return problemOf(error);
  }
  if (path.value === "/login") navigate("/", { replace: true });
  return null;
}

export async function signOut(): Promise<void> {
  try {
    await api("DELETE", "/api/v1/session");
  } finally {
    session.value = null;
    navigate("/login");
  }
}

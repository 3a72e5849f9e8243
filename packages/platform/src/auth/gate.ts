/**
 * The one place that decides whether a request may pass, for REST and for the WebSocket upgrade alike.
 * It throws a Refusal or answers who it is. Order: host, then secret, then (with a cookie) origin.
 */
import type { IncomingMessage } from "node:http";
import type { Auth, Identity } from "./auth.ts";
import { Backoff } from "./backoff.ts";
import { checkHost, checkOrigin, sameOrigin } from "./origin.ts";
import { Refusal } from "./refusal.ts";
import { SESSION_SECONDS } from "./sessions.ts";
import type { SignIns } from "./sign-ins.ts";

export interface GateOptions {
  readonly auth: Auth;
  readonly signIns: SignIns;
  /** We are bound to loopback, so only loopback names are ours. */
  readonly loopback: boolean;
}

export class Gate {
  readonly #auth: Auth;
  readonly #signIns: SignIns;
  readonly #loopback: boolean;
  readonly #backoff = new Backoff();

  constructor(options: GateOptions) {
    this.#auth = options.auth;
    this.#signIns = options.signIns;
    this.#loopback = options.loopback;
  }

  checkHost(request: IncomingMessage): void {
    if (this.#loopback) checkHost(request);
  }

  /** Any request that needs a name. `acts`: it changes something or opens a channel, so a cookie needs our own Origin. */
  admit(request: IncomingMessage, acts: boolean): Identity {
    const token = bearer(request);
    if (token !== null) return this.#admitToken(request, token);
    const cookie = sessionCookie(request);
    const identity = cookie === null ? null : this.#auth.checkSession(cookie);
    if (identity === null) throw notSignedIn(cookie !== null);
    if (acts) checkOrigin(request);
    return identity;
  }

  /** A page of ours in a browser that is signed in; never what is not signed in, or comes from elsewhere. Decides nothing. */
  isConsole(request: IncomingMessage): boolean {
    const cookie = bearer(request) === null ? sessionCookie(request) : null;
    if (cookie === null || !this.#isSession(cookie)) return false;
    return request.headers.origin === undefined ? request.headers.upgrade === undefined : sameOrigin(request);
  }

  /** A login code or token from the login form becomes a session. */
  login(request: IncomingMessage, secret: { code?: string; token?: string }): { cookie: string; identity: Identity } {
    if (request.headers.origin !== undefined) checkOrigin(request);
    const via = secret.code === undefined ? "token" : "link";
    this.#checkBackoff(request);
    const opened = secret.code === undefined ? this.#openByToken(secret.token ?? "") : this.#auth.exchange(secret.code);
    if (opened === null) throw this.#refuse(request, via);
    this.#signIns.login(opened.identity.subject, via);
    return opened;
  }

  logout(identity: Identity): void {
    this.#auth.endSession(identity);
    this.#signIns.logout(identity.subject, identity.kind);
  }

  stillGood(identity: Identity): boolean {
    return this.#auth.stillGood(identity);
  }

  loginLink(baseUrl: string, identity?: Identity): string {
    return this.#auth.loginLink(baseUrl, identity);
  }

  #isSession(cookie: string): boolean {
    try {
      return this.#auth.checkSession(cookie) !== null;
    } catch {
      // Nobody can know now; whoever decides will say so.
      return false;
    }
  }

  #admitToken(request: IncomingMessage, token: string): Identity {
    this.#checkBackoff(request);
    const identity = this.#auth.checkToken(token);
    if (identity === null) throw this.#refuse(request, "token");
    this.#signIns.tokenUsed(identity.subject, address(request));
    return identity;
  }

  #openByToken(token: string): { cookie: string; identity: Identity } | null {
    const identity = this.#auth.checkToken(token);
    return identity === null ? null : this.#auth.openSession(identity.subject, identity.id);
  }

  #checkBackoff(request: IncomingMessage): void {
    const seconds = this.#backoff.wait(address(request));
    if (seconds === 0) return;
    throw new Refusal(429, "TOO_MANY_ATTEMPTS", `Too many wrong tokens or codes from ${address(request)}; wait ${seconds} s.`, {
      hint: "Check the token; the one of this instance is in the file admin-token of its data folder.",
      headers: { "Retry-After": String(seconds) },
    });
  }

  #refuse(request: IncomingMessage, via: "token" | "link"): Refusal {
    this.#backoff.failed(address(request));
    this.#signIns.refused(via);
    return via === "link" ? badCode() : badToken();
  }
}

/** Sessions of two instances on one machine live side by side: browsers share cookies over ports, so the port is in the name. */
export function cookieHeader(request: IncomingMessage, value: string | null): string {
  const age = value === null ? 0 : SESSION_SECONDS;
  return `${cookieName(request)}=${value ?? ""}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}`;
}

// Private

function cookieName(request: IncomingMessage): string {
  return `tidegate_session_${request.socket.localPort ?? 0}`;
}

function sessionCookie(request: IncomingMessage): string | null {
  const prefix = `${cookieName(request)}=`;
  const pair = (request.headers.cookie ?? "").split(";").find((part) => part.trim().startsWith(prefix));
  return pair === undefined ? null : pair.trim().slice(prefix.length);
}

function bearer(request: IncomingMessage): string | null {
  const match = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "");
  return match?.[1] ?? null;
}

function address(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? "unknown";
}

const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="tidegate"' };

function notSignedIn(expired: boolean): Refusal {
  return new Refusal(401, "NOT_SIGNED_IN", expired ? "The session has ended." : "This needs a token or a session.", {
    hint: "Send Authorization: Bearer tg_… (the token is in the file admin-token of the data folder), or open a new login link.",
    headers: CHALLENGE,
  });
}

function badToken(): Refusal {
  return new Refusal(401, "WRONG_TOKEN", "The token is not known here.", {
    hint: "It may have been revoked or rotated. The admin token is in the file admin-token of the data folder, or the value of ADMIN_TOKEN.",
    headers: { "WWW-Authenticate": `${CHALLENGE["WWW-Authenticate"]}, error="invalid_token"` },
  });
}

function badCode(): Refusal {
  return new Refusal(401, "WRONG_CODE", "The login link was used already or is older than 10 minutes.", {
    hint: "Ask for a new one: POST /api/v1/session/link with the admin token.",
    headers: CHALLENGE,
  });
}

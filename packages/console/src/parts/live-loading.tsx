/** In place of what the live update brings: it is on its way, or this session may not see it. */
import type { JSX } from "preact";
import type { Resource, Scope } from "tidegate/contract";
import { session } from "../api.ts";
import { Sign } from "./icons.tsx";
import { Loading } from "./notices.tsx";

/** The update tells of messages and of the whole instance; the server sends it to nobody else. */
const needed: readonly Resource[] = ["messages", "system"];

export function LiveLoading(): JSX.Element {
  const who = session.value;
  const missing = who ? needed.filter((resource) => !reads(who.scopes, resource)) : [];
  if (!who || missing.length === 0) return <Loading />;
  return (
    <p class="calm panel" role="status">
      <Sign name="warn" />
      <span>
        The token {who.subject} may not see this: it lacks {missing.map((resource) => `${resource}:read`).join(" and ")}. Whoever manages
        tokens can give it more.
      </span>
    </p>
  );
}

function reads(scopes: readonly Scope[], resource: Resource): boolean {
  return scopes.some((scope) => scope === "*" || scope.startsWith(`${resource}:`));
}

/** What was changed when and by whom, and back to how it was. */
import type { Gateway, Revision } from "@tidegate/gateway";
import type { Identity } from "../auth/auth.ts";
import { demandOwn } from "../auth/scopes.ts";
import type { Resource } from "../gateway-contract.ts";
import * as schemas from "./config-schemas.ts";
import { withoutSecrets } from "./config-secrets.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

export function revisionRoutes(gateway: Pick<Gateway, "entities" | "revisions">): readonly Route[] {
  return [all(gateway), of(gateway), rollback(gateway)];
}

// Private

const PATH = "/api/v1/revisions";
const tag = "config";

function all({ revisions }: Pick<Gateway, "revisions">): Route {
  return route({
    method: "GET",
    path: PATH,
    tag,
    summary: "Changes of everything that is stored, newest first, without what programs only note down; of all, the last 10,000 are kept.",
    query: schemas.revisionsQuery,
    answer: schemas.revisions,
    handle: ({ query }) => revisions.all(query),
  });
}

function of({ revisions }: Pick<Gateway, "revisions">): Route {
  return route({
    method: "GET",
    path: `${PATH}/{kind}/{name}`,
    tag,
    summary: "The revisions of one thing, newest first; the last 50 are kept, of something deleted for 30 days.",
    params: schemas.named,
    answer: schemas.revisions,
    handle: async ({ params }) => ({ items: (await revisions.of(params.kind, params.name)).map(shown), next: null }),
  });
}

function rollback({ entities, revisions }: Pick<Gateway, "entities" | "revisions">): Route {
  return route({
    method: "POST",
    path: `${PATH}/{kind}/{name}/rollback`,
    waits: true,
    tag,
    summary: "Make it what it was at an earlier version; a service as a deploy. Also brings back what was deleted.",
    params: schemas.named,
    body: schemas.rollback,
    answer: schemas.rolledBack,
    async handle({ params: { kind, name }, body, identity }) {
      const present = await entities.table<{ readonly owner?: string }>(kind).get(name);
      demandOwner(identity, kind, name, present?.data.owner);
      return { kind, name, ...(await revisions.rollback(kind, name, body.version, identity?.subject ?? "unknown")) };
    },
  });
}

/** What has no owner, or is gone, is changed by whoever may change everything of its kind. */
function demandOwner(identity: Identity | null, kind: string, name: string, owner = "nobody"): void {
  if (identity !== null) demandOwn(identity, RESOURCES[kind] ?? "config", owner, `The ${kind.replace("_", " ")} ${name}`);
}

const RESOURCES: Readonly<Record<string, Resource>> = {
  token: "tokens",
  service: "services",
  external_service: "services",
  port: "ports",
  certificate: "certificates",
  target: "proxy",
  route: "routes",
};

function shown(revision: Revision): Revision {
  return { ...revision, data: withoutSecrets(revision.data ?? null) };
}

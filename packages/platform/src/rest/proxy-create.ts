/** A new proxy target, and with it the certificate it is shown with where that is wanted: `email` and `staging` of the earlier systems meant so. */
import type { HostOrder, HostPlan, Proxies } from "@tidegate/gateway";
import type { Identity } from "../auth/auth.ts";
import { Refusal } from "../auth/refusal.ts";
import { demand } from "../auth/scopes.ts";
import * as schemas from "./proxy-schemas.ts";
import { doneAnswer, PROXY } from "./proxy-target.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";
import { actor } from "./services-access.ts";

export function createRoute(proxies: Proxies): Route {
  return route({
    method: "POST",
    path: PATH,
    tag: "proxy",
    // With a certificate it is looked first whether a CA could reach the host.
    waits: true,
    summary:
      "Serve a host name: its requests go to a URL or a service. `served`: every edge worker does so already. With `issue_certificate` a CA is asked for its certificate.",
    status: 201,
    body: schemas.createTarget,
    answer: schemas.targetMade,
    async handle(call) {
      // As it was sent: the gateway judges every field, also those a schema would drop.
      const { issue_certificate, email, staging, skip_preflight, ...body } = call.request.body as Body;
      const { hostname, ...request } = body;
      const preflight = !truth("skip_preflight", skip_preflight ?? false);
      if (typeof hostname !== "string") throw nameless();
      const wanted = isWanted({ issue_certificate, email, staging });
      const plan = wanted ? await planned(proxies, call.identity, hostname, { ...request, email, staging }) : null;
      const by = actor(call);
      const changed = await proxies.targets.create(hostname, request, by);
      call.reply.header("Location", `${PATH}/${encodeURIComponent(changed.entity.name)}`);
      const options = { preflight, signal: AbortSignal.timeout(PREFLIGHT_LIMIT) };
      const order = plan === null ? NOTHING : await proxies.certificates.order(plan, { by, owner: by }, options);
      const answer = await doneAnswer(proxies, call.reply, changed);
      const warnings = plan === null ? changed.warnings : [...toldOf(plan, order), ...(await proxies.targets.warnings(changed.entity))];
      return { ...answer, warnings, certificate: order.certificate, certificate_problem: order.problem };
    },
  });
}

// Private

const PATH = `${PROXY}/targets`;
/** Milliseconds. */
const PREFLIGHT_LIMIT = 60_000;
const NOTHING: HostOrder = { certificate: null, problem: null };

type Body = Readonly<Record<string, unknown>>;

function isWanted({ issue_certificate: issue, email, staging }: Body): boolean {
  return issue === undefined ? isGiven(email) || isGiven(staging) : truth("issue_certificate", issue);
}

function isGiven(field: unknown): boolean {
  return field !== undefined && field !== null;
}

function truth(field: string, given: unknown): boolean {
  if (typeof given === "boolean") return given;
  throw new Refusal(400, "INVALID_REQUEST", `${field}: must be true or false.`);
}

/** Before anything is made: the scope, and whether the wish makes sense at all. */
async function planned(proxies: Proxies, identity: Identity | null, hostname: string, body: Body): Promise<HostPlan> {
  if (identity !== null) demand(identity, { resource: "certificates", level: "write" });
  const { enable_https: https, cert_name: name, email, staging } = body;
  const wish = { ...(isGiven(email) ? { email } : {}), ...(isGiven(staging) ? { staging } : {}) };
  return await proxies.certificates.plan(hostname, { https: https !== false, name: typeof name === "string" ? name : null, ...wish });
}

function toldOf(plan: HostPlan, { problem }: HostOrder): string[] {
  if (plan.order === null) return [plan.why];
  return problem === null ? [] : [problem];
}

function nameless(): Refusal {
  return new Refusal(400, "INVALID_REQUEST", "hostname: is missing; it must be a text, as app.example.");
}

/**
 * One row of the route table. From it a route is registered, checked and documented, so the OpenAPI document cannot say
 * anything else than what the server does.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Identity } from "../auth/auth.ts";
import type { Need } from "../auth/scopes.ts";

export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Null on open routes only. */
  readonly identity: Identity | null;
}

export interface RouteSpec<P, Q, B, A> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Needs neither token nor session. */
  readonly open?: boolean;
  /** The answer takes its time by design: it is not recorded as slow. */
  readonly waits?: boolean;
  /** What a token needs for it; null: nothing. Default: the resource of `tag`, to read for GET, to write for others (`route-scope.ts`). */
  readonly scope?: Need | null;
  /** Bytes of the body. Default 2 MiB. */
  readonly largestBody?: number;
  /** Status of a good answer. Default 200. */
  readonly status?: number;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** Null where the answer has no JSON body. */
  readonly answer: z.ZodType<A> | null;
  handle(call: Call<P, Q, B>): NoInfer<A> | Promise<NoInfer<A>>;
}

export type Route = RouteSpec<unknown, unknown, unknown, unknown>;

/** Types of parameters, query, body and answer come from the schemas. */
export function route<P, Q, B, A>(spec: RouteSpec<P, Q, B, A>): Route {
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the schemas of one route are narrower than those of any
  return spec as unknown as Route;
}

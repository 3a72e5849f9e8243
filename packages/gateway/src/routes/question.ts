/** What is asked of the table, and what it is made of. */
import type { RouteData, TargetData } from "./spec.ts";

export interface TargetEntry {
  readonly name: string;
  readonly data: TargetData;
}

export interface RouteEntry {
  readonly name: string;
  readonly data: RouteData;
}

/** What is asked of the table. */
export interface Question {
  /** Lower case, without port, as `EdgeRequest.host`. */
  readonly host: string;
  /** Both as `normalisePath` gives them. */
  readonly path: string;
  readonly query: string;
  readonly method: string;
  readonly secure: boolean;
  /** True address of the client. */
  readonly client: string;
  /** Name in lower case. Null: not there. */
  header(name: string): string | null;
}

/** What the store keeps: named things of a kind, each with a version that grows by one with every change. */
import type { EventData, EventType } from "@tidegate/streams";

export const KINDS = ["token", "service", "external_service", "port", "certificate_request", "certificate", "target", "route"] as const;
export type EntityKind = (typeof KINDS)[number];

export interface Entity<T> {
  readonly kind: EntityKind;
  readonly name: string;
  /** 1 when made; goes on where it was when something of the same name is made again. */
  readonly version: number;
  /** Unix ms. */
  readonly created_at: number;
  readonly updated_at: number;
  /** Subject of whoever changed it last. */
  readonly by: string;
  readonly data: T;
}

/** An event of the catalogue, written in the same step as the change. */
export type EntityEvent = { [T in EventType]: { readonly type: T; readonly data: EventData<T> } }[EventType];

/** One change of several that happen together or not at all. */
export interface Change {
  readonly kind: EntityKind;
  readonly name: string;
  /** The version it must have; 0: it must not exist. */
  readonly expect: number;
  /** Null removes it. */
  readonly data: object | null;
  readonly events?: readonly EntityEvent[];
  /** Kept as a revision, so that one can go back to it. Default true; false for what only a program notes down: such updates are not listed either. */
  readonly revision?: boolean;
  /** What the revision is called. Default: created, updated or deleted, as it is. */
  readonly as?: "rolled_back" | "imported";
}

export interface Revision<T = unknown> {
  readonly kind: EntityKind;
  readonly name: string;
  readonly version: number;
  readonly change: "created" | "updated" | "deleted" | "rolled_back" | "imported";
  /** Unix ms. */
  readonly at: number;
  readonly by: string;
  readonly trace: string | null;
  /** As it was after the change; null after a deletion. In the overview of all changes it is left out. */
  readonly data?: T | null;
}

/** Changes that count only as long as whoever makes them has not lost a `Lease`. */
export interface Guard {
  /** Key of the lease. */
  readonly lease: string;
  readonly fence: number;
}

/** Secrets in stored data stand as this; see `Vault`. */
export interface Sealed {
  /** `v1.<key id>.<iv>.<ciphertext>.<tag>`, each part base64url. */
  readonly $sealed: string;
}

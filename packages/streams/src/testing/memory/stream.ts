/**
 * A stream with its groups and their pending lists, by the rules of Redis' t_stream.c: what is counted, when a group's counter of
 * read entries is known, and how far it lags. https://redis.io/docs/latest/develop/data-types/streams/
 */
import { IdList } from "./id-list.ts";
import { MAX_ID } from "./ids.ts";

export interface StoredEntry {
  readonly id: bigint;
  /** Name, value, … */
  readonly fields: readonly string[];
}

export interface GroupMember {
  readonly name: string;
  /** Unix milliseconds of its last command. */
  seenAt: number;
  pending: number;
}

export interface PendingEntry {
  readonly id: bigint;
  consumer: GroupMember;
  /** Unix milliseconds. */
  deliveredAt: number;
  count: number;
}

export class Stream {
  readonly entries: IdList<StoredEntry> = new IdList<StoredEntry>();
  readonly groups: Map<string, StreamGroup> = new Map<string, StreamGroup>();
  lastId = 0n;
  maxDeletedId = 0n;
  entriesAdded = 0;

  get firstId(): bigint {
    return this.entries.first?.id ?? 0n;
  }

  append(id: bigint, fields: readonly string[]): void {
    this.entries.add({ id, fields });
    this.lastId = id;
    this.entriesAdded++;
  }

  delete(id: bigint): boolean {
    if (!this.entries.delete(id)) return false;
    if (id > this.maxDeletedId) this.maxDeletedId = id;
    return true;
  }

  /** Removes the oldest so many. */
  trim(count: number): number {
    const removed = Math.max(0, Math.min(count, this.entries.size));
    this.entries.drop(removed);
    return removed;
  }

  /** Entries a group has not read, or null where nobody can know. */
  lag(group: StreamGroup): number | null {
    if (this.entriesAdded === 0) return 0;
    if (group.entriesRead !== null && !this.hasGapsFrom(group.lastId)) return this.entriesAdded - group.entriesRead;
    const read = this.distance(group.lastId);
    return read === null ? null : this.entriesAdded - read;
  }

  /** Notes that the group has read this entry. */
  advance(group: StreamGroup, id: bigint): void {
    if (id <= group.lastId) return;
    if (group.entriesRead !== null && !this.hasGapsFrom(id)) group.entriesRead++;
    else if (this.entriesAdded > 0) group.entriesRead = this.distance(id);
    group.lastId = id;
  }

  /** How many entries were ever added up to this id, where that can be told. */
  distance(id: bigint): number | null {
    if (this.entriesAdded === 0) return 0;
    if (this.entries.size === 0 && id <= this.lastId) return this.entriesAdded;
    if (id === this.lastId) return this.entriesAdded;
    if (id > this.lastId) return null;
    if (this.maxDeletedId !== 0n && this.maxDeletedId >= this.firstId) return null;
    if (id < this.firstId) return this.entriesAdded - this.entries.size;
    return id === this.firstId ? this.entriesAdded - this.entries.size + 1 : null;
  }

  hasGapsFrom(id: bigint): boolean {
    return this.entries.size > 0 && this.firstId <= this.maxDeletedId && id <= this.maxDeletedId;
  }
}

export class StreamGroup {
  lastId: bigint;
  /** Null where it is not known. */
  entriesRead: number | null;
  readonly pending: IdList<PendingEntry> = new IdList<PendingEntry>();
  readonly #consumers = new Map<string, GroupMember>();

  constructor(lastId: bigint, entriesRead: number | null) {
    this.lastId = lastId;
    this.entriesRead = entriesRead;
  }

  consumer(name: string): GroupMember | undefined {
    return this.#consumers.get(name);
  }

  consumers(): GroupMember[] {
    return [...this.#consumers.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  create(name: string, now: number): GroupMember {
    const consumer = { name, seenAt: now, pending: 0 };
    this.#consumers.set(name, consumer);
    return consumer;
  }

  /** Made when there is none; a command of it is a sign of life. */
  seen(name: string, now: number): GroupMember {
    const consumer = this.#consumers.get(name) ?? this.create(name, now);
    consumer.seenAt = now;
    return consumer;
  }

  /** Returns how many entries it still had; they are nobody's any more. */
  remove(name: string): number {
    const consumer = this.#consumers.get(name);
    if (consumer === undefined) return 0;
    const held = [...this.pending.range(0n, MAX_ID)].filter((one) => one.consumer === consumer);
    for (const { id } of held) this.pending.delete(id);
    this.#consumers.delete(name);
    return held.length;
  }

  deliver(id: bigint, consumer: GroupMember, now: number): void {
    const found = this.pending.get(id);
    if (found === undefined) {
      consumer.pending++;
      return this.pending.add({ id, consumer, deliveredAt: now, count: 1 });
    }
    this.give(found, consumer);
    found.deliveredAt = now;
    found.count = 1;
  }

  give(entry: PendingEntry, consumer: GroupMember): void {
    entry.consumer.pending--;
    consumer.pending++;
    entry.consumer = consumer;
  }

  acknowledge(id: bigint): boolean {
    const found = this.pending.get(id);
    if (found === undefined) return false;
    found.consumer.pending--;
    return this.pending.delete(id);
  }
}

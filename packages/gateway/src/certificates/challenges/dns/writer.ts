/** Who can write TXT records into the zone of a name. One per kind of hook. */

export interface TxtRecord {
  /** Lower case, without trailing dot; where the challenge's own name is delegated, the name it leads to. */
  readonly name: string;
  readonly value: string;
}

export interface TxtWriter {
  /** Adds this value to whatever the name has: a wildcard and its apex are validated by two values of one name. CHALLENGE_FAILED. */
  present(record: TxtRecord, signal: AbortSignal): Promise<void>;
  /** Takes away this value and no other. CHALLENGE_FAILED. */
  clean(record: TxtRecord, signal: AbortSignal): Promise<void>;
}

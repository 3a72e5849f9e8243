/** How much may be asked of a CA: of Let's Encrypt what it says of itself (letsencrypt.org/docs/rate-limits), of others what no order in earnest comes near. */
const HOUR = 3_600_000;
const WEEK = 168 * HOUR;

export const BUCKETS = {
  account: "new orders of the account",
  domain: "certificates of the registered domain",
  names: "certificates of exactly these names",
  failed: "failed validations of the name",
} as const;
export type Bucket = keyof typeof BUCKETS;

export interface Limit {
  readonly limit: number;
  /** The window it holds in, in ms. */
  readonly width: number;
}

export type Limits = Readonly<Record<Bucket, Limit>>;

/**
 * Windows that slide. The CA's are buckets that are filled up all the time: who keeps within such a window never finds the bucket empty, whatever else it
 * holds.
 */
export const LETS_ENCRYPT: Limits = {
  account: { limit: 300, width: 3 * HOUR },
  domain: { limit: 50, width: WEEK },
  names: { limit: 5, width: WEEK },
  failed: { limit: 5, width: HOUR },
};

/**
 * A CA of one's own issues for a day at a time, or for hundreds of names of one domain, so neither is limited. What is left keeps a mistake here from becoming
 * a flood there.
 */
const OTHERS: Limits = {
  account: { limit: 3_000, width: 3 * HOUR },
  domain: { limit: 10_000, width: WEEK },
  names: { limit: 20, width: HOUR },
  failed: { limit: 5, width: HOUR },
};

/** `directory`: of production. */
export function limitsOf(directory: string): Limits {
  const host = URL.parse(directory)?.hostname ?? "";
  return host === "letsencrypt.org" || host.endsWith(".letsencrypt.org") ? LETS_ENCRYPT : OTHERS;
}

/** The staging server has other limits, all of them at least this many times as much. */
const STAGING = 10;

export function stagingLimits(limits: Limits): Limits {
  const more = ({ limit, width }: Limit): Limit => ({ limit: limit * STAGING, width });
  return { account: more(limits.account), domain: more(limits.domain), names: more(limits.names), failed: more(limits.failed) };
}

/** Every key of the gateway in Redis, with its type, lifetime and owner. `<p>` is the telemetry prefix, `<ns>` the namespace. */
export class GatewayKeys {
  readonly namespace: string;
  readonly prefix: string;

  constructor(namespace: string, prefix: string) {
    this.namespace = namespace;
    this.prefix = prefix;
  }

  /** hash name → entity (JSON); owner: `EntityStore`, as of all that begin with `entity`. */
  entities(kind: string): string {
    return this.#own(`entity:${kind}`);
  }

  /** sorted set of names, all with score 0: pages in order of names. */
  entityIndex(kind: string): string {
    return this.#own(`entity:${kind}:index`);
  }

  /** list of revisions (JSON), newest first, capped; outlives the entity by 30 days. */
  entityRevisions(kind: string, name: string): string {
    return this.#own(`entity:${kind}:revisions:${name}`);
  }

  /** stream of every change, capped: what happened to what, by whom, in which trace; caches and the console follow it. */
  entityChanges(): string {
    return this.#own("entity:changes");
  }

  /** hash call → answer of the last calls of one process, so that one sent again is not made twice; minutes. */
  entityAnswers(session: string): string {
    return this.#own(`entity:answers:${session}`);
  }

  /** string: fingerprint of the key that encrypts secrets; owner: `Vault`. */
  vault(): string {
    return this.#own("vault");
  }

  /** hash of `Lease`. */
  lease(name: string): string {
    return this.#own(`lease:${name}`);
  }

  /** hash `tcp/<bind>/<port>` → what the edge does there (JSON), and field `version`; owner: the switch. */
  edgeTable(): string {
    return this.#own("edge:table");
  }

  /** stream: one entry per change of the edge's table, capped; edge workers wait for it. */
  edgeChanges(): string {
    return this.#own("edge:changes");
  }

  /** hash worker id → its report (JSON with `at`); owner: each edge worker for itself. */
  edgeWorkers(): string {
    return this.#own("edge:workers");
  }

  /** string: until when a client's requests are paid off, in µs; as long as that and a second; owner: `RateLimiter` of every edge worker. */
  edgeRate(client: string): string {
    return this.#own(`edge:rate:${client}`);
  }

  /** hash certificate → how far it is (JSON of `Progress`); owner: whoever holds its lease. */
  acmeProgress(): string {
    return this.#own("acme:progress");
  }

  /** hash account → directory, contact, sealed key and URL (JSON); for good; owner: `Accounts`. */
  acmeAccounts(): string {
    return this.#own("acme:accounts");
  }

  /** sorted set member → when (Unix ms): what counts towards a limit of a CA; as long as the limit's window; owner: `Ledger`. */
  acmeLedger(bucket: string, of: string): string {
    return this.#own(`acme:ledger:${bucket}:${of}`);
  }

  /** string: what a CA is answered at `/.well-known/acme-challenge/<token>`; an hour at most; owner: `Board`. */
  acmeChallenge(token: string): string {
    return this.#own(`acme:challenge:${token}`);
  }

  /** string: key authorization of the tls-alpn-01 challenge of a host; an hour at most; owner: `Board`. */
  acmeAlpn(host: string): string {
    return this.#own(`acme:alpn:${host}`);
  }

  // Private

  #own(name: string): string {
    return `${this.prefix}tidegate:${this.namespace}:${name}`;
  }
}

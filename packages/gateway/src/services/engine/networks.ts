/** Our network, made when it is first needed by whoever needs it first, and others that a service may join: only those that carry our label. */
import { GatewayError } from "../../errors.ts";
import type { Connection } from "./connection.ts";
import { statusOf } from "./docker-errors.ts";
import { LABELS } from "./engine.ts";
import type { Names } from "./names.ts";

export class Networks {
  readonly #connection: Connection;
  readonly #names: Names;

  constructor(connection: Connection, names: Names) {
    this.#connection = connection;
    this.#names = names;
  }

  async ensureOwn(): Promise<void> {
    if ((await this.#own()).length === 0) await this.#create();
    await this.#settle();
  }

  /** Throws OPTION_REFUSED for one that is not ours to join. */
  async check(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const labels = await this.#labels(name);
      if (labels === null) throw refused(name, "there is no such network", this.#label);
      if (labels[LABELS.namespace] !== this.#names.namespace) throw refused(name, "it is not labelled for Tidegate", this.#label);
    }
  }

  async join(container: string, names: readonly string[], alias: string): Promise<void> {
    for (const name of names)
      await this.#connection.call(`joining the network ${name}`, (docker) =>
        docker
          .getNetwork(name)
          .connect({ Container: container, EndpointConfig: { Aliases: [alias] } })
          .catch((error: unknown) => {
            // 403: it has joined before.
            if (statusOf(error) !== 403) throw error;
          }),
      );
  }

  // Private

  get #label(): string {
    return `${LABELS.namespace}=${this.#names.namespace}`;
  }

  async #own(): Promise<{ readonly Id: string; readonly Created: string }[]> {
    const found = await this.#connection.call("listing networks", (docker, abortSignal) =>
      docker.listNetworks({ filters: { name: [this.#names.network] }, abortSignal }),
    );
    return found
      .filter((network) => network.Name === this.#names.network)
      .sort((one, other) => one.Created.localeCompare(other.Created) || one.Id.localeCompare(other.Id));
  }

  async #create(): Promise<void> {
    const Labels = { [LABELS.namespace]: this.#names.namespace };
    await this.#connection.call<unknown>("making our network", (docker) =>
      docker.createNetwork({ Name: this.#names.network, Driver: "bridge", CheckDuplicate: true, Labels }).catch((error: unknown) => {
        if (statusOf(error) !== 409) throw error;
      }),
    );
  }

  /** Docker lets two make the same name at once; everybody keeps the oldest. One in use cannot be removed, so nothing is lost. */
  async #settle(): Promise<void> {
    const [, ...younger] = await this.#own();
    for (const { Id } of younger)
      await this.#connection.call("removing a second network", (docker) =>
        docker
          .getNetwork(Id)
          .remove()
          .catch(() => {}),
      );
  }

  async #labels(name: string): Promise<Readonly<Record<string, string>> | null> {
    return this.#connection.call("looking for a network", async (docker) => {
      const found = await docker
        .getNetwork(name)
        .inspect()
        .catch((error: unknown) => {
          if (statusOf(error) === 404) return null;
          throw error;
        });
      return found === null ? null : ((found.Labels as Record<string, string> | null) ?? {});
    });
  }
}

// Private

function refused(name: string, reason: string, label: string): GatewayError {
  return new GatewayError("OPTION_REFUSED", `networks: a service may not join ${name}: ${reason}.`, {
    hint: `A service joins networks made for it: docker network create --label ${label} ${name}`,
  });
}

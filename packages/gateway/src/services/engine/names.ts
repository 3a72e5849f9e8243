/** What things of ours are called in the Docker Engine. Two services never share a name, whatever they are called. */
import { createHash } from "node:crypto";

/** A part of an image's name; a service may be called what an image may not, as `a-` or `a___b`. */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

export class Names {
  readonly namespace: string;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  get network(): string {
    return `tidegate-${this.namespace}`;
  }

  container(service: string, generation: number): string {
    return `tidegate-${this.namespace}-${service}-${generation}`;
  }

  /** The dot cannot be in a service's name: volume `c` of `a-b` is not volume `b-c` of `a`. */
  volume(service: string, name: string): string {
    return `tidegate-${this.namespace}-${service}.${name}`;
  }

  image(service: string, generation: number): string {
    return `${this.images(service)}:${generation}`;
  }

  /** All generations. */
  images(service: string): string {
    return `tidegate/${component(this.namespace)}/${component(service)}`;
  }
}

// Private

function component(name: string): string {
  return COMPONENT.test(name) ? name : `x${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}

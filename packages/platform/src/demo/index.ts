/**
 * The demo: the OpsConductor services as a small fleet, fed by the machine it runs on. Wires them; each is a component of its own,
 * so that one failing service is shown and restarted alone. Reference: docs/guides/demo.md.
 */
import type { Tide } from "@tidegate/streams";
import { aiRole } from "./ai.ts";
import { assetsRole } from "./assets.ts";
import { automationRole } from "./automation.ts";
import { communicationRole } from "./communication.ts";
import { identityRole } from "./identity.ts";
import { networkRole } from "./network.ts";
import { DemoService } from "./service.ts";
import { SignIns } from "./sign-ins.ts";
import type { SignInSource } from "./sign-ins.ts";
import { Sink } from "./sink.ts";
import { systemRole } from "./system.ts";

export interface DemoDeps {
  /** A connection of its own for each service; the service closes it. */
  readonly connect: (service: string) => Promise<Tide>;
  readonly dataFolder: string;
  /** Tells who signed in to the console and API. */
  readonly server: SignInSource;
  /** Every waiting time is multiplied by it. Default 1. */
  readonly pace?: number;
}

export function demoServices(deps: DemoDeps): DemoService[] {
  const { connect, dataFolder, pace = 1 } = deps;
  const sink = new Sink(pace);
  const signIns = new SignIns(deps.server);
  const roles = [
    communicationRole(sink, pace),
    assetsRole(),
    networkRole(dataFolder),
    systemRole(dataFolder),
    automationRole({ dataFolder, sinkUrl: () => sink.url }),
    aiRole(),
    identityRole(signIns),
  ];
  return roles.map((role) => new DemoService(role, { connect, pace }));
}

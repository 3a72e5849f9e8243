/** Requests and answers of the port routes. Whether a port or an address is one is judged by the gateway, which names the limit. */
import type { PortClaim } from "@tidegate/gateway";
import { z } from "zod";
import type * as contract from "../contract.ts";

const millis = z.number().describe("Unix milliseconds.");
const protocol = z.enum(["tcp", "udp"]);
const number = z.coerce.number();
const bind = z.string().min(1).max(64).describe("Address of this machine; default 127.0.0.1.");
const owner = z.string().min(1).max(128);
const ttl = z.number().describe("Seconds until it ends by itself, unless renewed.");

export const portAnswer: z.ZodType<contract.PortAnswer> = z.object({
  port: z.number(),
  protocol,
  bind_address: z.string(),
  owner: z.string().describe("`service:<name>/<port name>`, or the label it was leased by."),
  by: z.string(),
  allocated_at: millis,
  expires_at: millis.nullable(),
  description: z.string(),
});
export const portsAnswer: z.ZodType<contract.PortsAnswer> = z.object({ items: z.array(portAnswer) });

export const checkAnswer: z.ZodType<contract.PortCheckAnswer> = z.object({
  port: z.number(),
  bind_address: z.string(),
  protocol,
  available: z.boolean(),
  reason: z.string().nullable(),
  holder: z.string().nullable().describe("Who has it, for a person."),
});
export const rangesAnswer: z.ZodType<contract.PortRangesAnswer> = z.object({
  items: z.array(z.object({ from: z.number(), to: z.number(), count: z.number() })),
});

export const listQuery = z.object({ owner: z.exactOptional(owner) });
export const availableQuery = z.object({ min: number.default(10).describe("Least ports of a stretch.") });

export const checkFields = z.object({
  port: z.exactOptional(number),
  bind_address: z.exactOptional(bind),
  protocol: z.exactOptional(protocol),
});
export const wholeCheck = z.object({ port: number, bind_address: bind.default("127.0.0.1"), protocol: protocol.default("tcp") });

const range = z.strictObject({ from: z.number(), to: z.number() });
export const leaseRequest = z.strictObject({
  owner: owner.describe("A label: what it is for."),
  host: z
    .union([z.number(), range])
    .nullable()
    .default(null)
    .describe("Exactly this port, the first free one of a range, or with null any of 11000–65535."),
  bind_address: bind.default("127.0.0.1"),
  protocol: protocol.default("tcp"),
  ttl: ttl.nullable().default(null),
  description: z.string().max(256).default(""),
});
export const renewRequest = z.strictObject({ ttl });

export const place = z.object({ protocol, port: number });
export const placeQuery = z.object({ bind_address: z.exactOptional(bind.describe("Needed where the port is held on several addresses.")) });

export function answerOf({ bind: address, at, until, ...claim }: PortClaim): contract.PortAnswer {
  const { port, protocol: kind, owner: label, by, description } = claim;
  return { port, protocol: kind, bind_address: address, owner: label, by, allocated_at: at, expires_at: until, description };
}

/** Which names entities may have: what a port (`tcp/8080`), a host (`*.example.com`) and a path (`example.com/api/*`) need, and nothing to be escaped. */
import { GatewayError } from "../errors.ts";
import { KINDS, type EntityKind } from "./entity.ts";

const ALLOWED = /^[A-Za-z0-9*/][A-Za-z0-9_.:/*@-]{0,254}$/;

export function checkKind(kind: string): EntityKind {
  const known = KINDS.find((one) => one === kind);
  if (known !== undefined) return known;
  throw new GatewayError("INVALID_NAME", `There is no kind ${JSON.stringify(kind.slice(0, 40))}.`, {
    hint: `Kinds are ${KINDS.join(", ")}.`,
  });
}

export function checkName(kind: EntityKind, name: string): void {
  checkKind(kind);
  if (ALLOWED.test(name)) return;
  throw new GatewayError("INVALID_NAME", `${JSON.stringify(name.slice(0, 100))} cannot be the name of a ${kind}.`, {
    hint: "Allowed: up to 255 of A-Z a-z 0-9 _ . : / * @ -, beginning with a letter, a digit, * or /.",
  });
}

/** What people are told when a certificate cannot be named, found or changed as they asked. */
import { GatewayError } from "../errors.ts";

const NAME = /^[a-z0-9][a-z0-9_.-]{0,62}$/;

/** INVALID_NAME. */
export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new GatewayError("INVALID_NAME", `${JSON.stringify(name.slice(0, 100))} cannot be the name of a certificate.`, {
    hint: "Allowed: up to 63 of a-z 0-9 _ . -, beginning with a letter or digit.",
  });
}

/** What a certificate is called that nobody gave a name. INVALID_NAME. */
export function nameAfter(domain: string): string {
  return checkName(domain.replace(/^\*\./, "wildcard.").replace(/^_+/, "").slice(0, 63));
}

export function unknownCertificate(name: string): GatewayError {
  return new GatewayError("UNKNOWN_ENTITY", `There is no certificate ${JSON.stringify(name.slice(0, 100))}.`, {
    hint: "All of them: tidegate cert ls",
  });
}

export function changedMeanwhile(name: string, found: number, expected: number): GatewayError {
  return new GatewayError("VERSION_CONFLICT", `Certificate ${name} has version ${found} by now, and not ${expected}.`, {
    hint: "Look at it again, then repeat the change.",
  });
}

export function taken(name: string): GatewayError {
  return new GatewayError("NAME_TAKEN", `There is a certificate ${name} already.`, {
    hint: `Change it, or take another name: tidegate cert show ${name}`,
  });
}

export function requested(name: string): GatewayError {
  return new GatewayError("CERTIFICATE_STATE", `${name} is issued by a CA; one that was uploaded would be replaced at its next renewal.`, {
    hint: `Upload under another name, or remove the request first: tidegate cert delete ${name}`,
  });
}

export function notRequested(name: string): GatewayError {
  return new GatewayError("CERTIFICATE_STATE", `${name} was uploaded; nobody can order it anew.`, {
    hint: `Upload the next one: tidegate cert upload ${name} --chain fullchain.pem --key privkey.pem`,
  });
}

export function notDue(name: string, at: number): GatewayError {
  return new GatewayError("CERTIFICATE_STATE", `${name} does not need to be renewed before ${new Date(at).toISOString()}.`, {
    hint: `It is renewed by itself then. Now all the same: tidegate cert renew ${name} --force`,
  });
}

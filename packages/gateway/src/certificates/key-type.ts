/** What kind of key it is, in words; INVALID_CERTIFICATE where clients would refuse it, or using it would cost too much. */
import type { KeyObject } from "node:crypto";
import { GatewayError } from "../errors.ts";

const RSA_LEAST = 2048;
/** A signature of a larger one takes tens of milliseconds, in which nobody else is served. */
const RSA_MOST = 8192;
const CURVES: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

export function keyType(key: KeyObject, called: string): string {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
    case "rsa-pss":
      if (modulusLength >= RSA_LEAST && modulusLength <= RSA_MOST) return `RSA ${modulusLength}`;
      throw refused(`${called} has ${modulusLength} bits of RSA; allowed are ${RSA_LEAST} to ${RSA_MOST}.`);
    case "ec": {
      const curve = CURVES[namedCurve];
      if (curve !== undefined) return `EC ${curve}`;
      throw refused(`${called} is on the curve ${namedCurve}; allowed are ${Object.values(CURVES).join(", ")}.`);
    }
    case "ed25519":
      return "Ed25519";
    default:
      throw refused(`${called} is of the kind ${key.asymmetricKeyType ?? "unknown"}; allowed are RSA, EC and Ed25519.`);
  }
}

// Private

function refused(message: string): GatewayError {
  return new GatewayError("INVALID_CERTIFICATE", message, {
    hint: "Make a new key: openssl ecparam -name prime256v1 -genkey -noout -out key.pem",
  });
}

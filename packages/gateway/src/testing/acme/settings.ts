/** Settings for tests that order nothing, or that name the CA they started. */
import type { AcmeSettings } from "../../certificates/authority.ts";

/** Nobody answers at its directory. */
export const NO_CA: AcmeSettings = {
  authorities: [{ directoryUrl: "https://127.0.0.1:1/directory", stagingUrl: null, eab: null }],
  trusted: null,
  email: null,
  dns: null,
  publicAddresses: [],
  httpPort: 80,
};

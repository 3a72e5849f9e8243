/** For tests of hosts that are served without HTTPS, or with certificates that are there: nobody asks a CA. */
import type { ProxiesDeps } from "../../proxy/proxies.ts";

export const NO_CERTIFICATES: ProxiesDeps["certificates"] = {
  list: () => Promise.resolve([]),
  check: () => {},
  request: () => Promise.reject(new Error("Nobody orders certificates here.")),
};

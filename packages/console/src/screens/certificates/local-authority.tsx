/** The authority of this machine: what it is for, why trusting it is harmless, and the command that does it. */
import type { JSX } from "preact";
import type { OrchestratorStatus } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { CopyCommand } from "../../parts/copy.tsx";
import { quoted } from "../../shell.ts";

const systems: readonly { name: string; fits: RegExp; command: (file: string) => string }[] = [
  {
    name: "macOS",
    fits: /Mac/,
    command: (file) => `sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${file}`,
  },
  { name: "Windows", fits: /Win/, command: (file) => `certutil -addstore -f ROOT ${file}` },
  {
    name: "Linux",
    fits: /./,
    command: (file) => `sudo cp ${file} /usr/local/share/ca-certificates/tidegate-local.crt && sudo update-ca-certificates`,
  },
];

export function LocalAuthority(): JSX.Element | null {
  const { data } = useResource<OrchestratorStatus>("/api/v1/orchestrator/status");
  const file = data?.edge?.local_authority;
  if (file === undefined) return null;
  const port = /^https:.*:(\d+)$/.exec(data?.edge?.urls.find((url) => url.startsWith("https:")) ?? "")?.[1];
  const address = `https://app.localhost${port === undefined ? "" : `:${port}`}/`;
  const here = systems.find(({ fits }) => fits.test(navigator.userAgent)) ?? systems[systems.length - 1];
  return (
    <section class="local-authority panel" aria-label="This machine's own authority">
      <h2>This machine's own authority</h2>
      <p>
        <code>localhost</code> and names that end in <code>.localhost</code>, <code>.test</code> and <code>.internal</code> get a
        certificate of it when they are first asked for by HTTPS. It was made on this machine and cannot sign for any other name, so to
        trust it is to trust it for these alone. Until then browsers warn.
      </p>
      {here && (
        <>
          <p class="faint">Trust it, on the machine Tidegate runs on ({here.name}; browsers may want to be started again):</p>
          <CopyCommand command={here.command(quoted(file))} />
        </>
      )}
      <details>
        <summary>On another system, or for one command only</summary>
        <div class="stack">
          {systems
            .filter((one) => one !== here)
            .map((one) => (
              <div key={one.name} class="stack">
                <p class="faint">{one.name}, where the file was copied to:</p>
                <CopyCommand command={one.command("ca.pem")} />
              </div>
            ))}
          <p class="faint">Only for one command:</p>
          <CopyCommand command={`curl --cacert ${quoted(file)} ${address}`} />
        </div>
      </details>
    </section>
  );
}

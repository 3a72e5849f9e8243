/** How the certificate of an https: upstream is checked. Shown where there is one, or something is said of it already. */
import type { JSX } from "preact";
import { AreaField, CheckField, TextField } from "../../parts/fields.tsx";
import { listOf } from "./lines.ts";
import type { HostFieldsProps } from "./host-fields.tsx";

export function UpstreamTlsFields({ draft, set }: HostFieldsProps): JSX.Element | null {
  const { urls, authority, serverName, unchecked } = draft;
  const isSecure = listOf(urls).some((url) => url.startsWith("https:"));
  if (!isSecure && authority === "" && serverName === "" && !unchecked) return null;
  return (
    <fieldset class="halves" aria-label="TLS to the upstream">
      <AreaField
        label="Authority of its certificate"
        value={authority}
        rows={4}
        placeholder="-----BEGIN CERTIFICATE-----"
        hint="PEM; empty: those everybody trusts"
        set={(next) => set({ authority: next })}
      />
      <div class="stack">
        <TextField
          label="Name in its certificate"
          value={serverName}
          placeholder="the host of the URL"
          set={(next) => set({ serverName: next })}
        />
        <CheckField label="Its certificate is not checked" checked={unchecked} set={(next) => set({ unchecked: next })} />
        {unchecked && <p class="faint">Whoever stands between here and the upstream can read and change everything.</p>}
      </div>
    </fieldset>
  );
}

/** Fields of a host: where it goes and how it comes in; the same when it is made and when it is changed. */
import type { JSX } from "preact";
import type { CertificatesAnswer, ExternalServicesAnswer, ProxyTargetAnswer, ServicesAnswer } from "tidegate/contract";
import { useResource } from "../../api.ts";
import { AreaField, CheckField, ChoiceField, TextField } from "../../parts/fields.tsx";
import { withHttps, type HostDraft } from "./host-draft.ts";

export interface HostFieldsProps {
  draft: HostDraft;
  set: (change: Partial<HostDraft>) => void;
}

const byUrl = "";

export function PlaceFields({ draft, set }: HostFieldsProps): JSX.Element {
  const options = useServices(draft.service);
  return (
    <>
      {(options.length > 1 || draft.service !== "") && (
        <ChoiceField label="Goes to" value={draft.service} options={options} set={(service) => set({ service })} />
      )}
      {draft.service === "" && (
        <AreaField
          label="URL"
          value={draft.urls}
          rows={1}
          placeholder="http://127.0.0.1:3000"
          hint="several, one a line, share the requests"
          set={(urls) => set({ urls })}
        />
      )}
    </>
  );
}

/** Ours and external ones; who may not list them still has URLs. */
function useServices(chosen: string): { value: string; label: string }[] {
  const services = useResource<ServicesAnswer>("/api/v1/services").data?.items ?? [];
  const external = useResource<ExternalServicesAnswer>("/api/v1/services/external").data?.items ?? [];
  const names = [...services, ...external].map((one) => one.service_name);
  const all = chosen === "" || names.includes(chosen) ? names : [...names, chosen];
  return [{ value: byUrl, label: "a URL" }, ...all.toSorted().map((name) => ({ value: name, label: `the service ${name}` }))];
}

const withHttpsOn: readonly { value: ProxyTargetAnswer["http"]; label: string }[] = [
  { value: "redirect", label: "sent to HTTPS" },
  { value: "serve", label: "served as well" },
  { value: "off", label: "not served" },
];

export function ComesInFields({ draft, set }: HostFieldsProps): JSX.Element {
  return (
    <>
      <ChoiceField
        label="HTTPS"
        value={draft.https ? "on" : "off"}
        options={["on", "off"]}
        set={(value) => set(withHttps(draft, value === "on"))}
      />
      {draft.https && <ChoiceField label="HTTP" value={draft.http} options={withHttpsOn} set={(http) => set({ http })} />}
      {draft.https && <CertificateField draft={draft} set={set} />}
    </>
  );
}

function CertificateField({ draft, set }: HostFieldsProps): JSX.Element {
  const found = useResource<CertificatesAnswer>("/api/v1/certificates").data?.items.map((one) => one.cert_name) ?? [];
  const names = draft.certificate === "" || found.includes(draft.certificate) ? found : [...found, draft.certificate];
  const options = [{ value: "", label: "whichever fits" }, ...names.map((name) => ({ value: name, label: name }))];
  return <ChoiceField label="Certificate" value={draft.certificate} options={options} set={(certificate) => set({ certificate })} />;
}

const policies = [
  { value: "p2c", label: "to the less busy of two" },
  { value: "least_connections", label: "to the least busy" },
  { value: "round_robin", label: "in turn" },
  { value: "cookie", label: "each visitor to one" },
] as const;

export function UpstreamFields({ draft, set }: HostFieldsProps): JSX.Element {
  return (
    <fieldset aria-label="Upstream">
      <ChoiceField label="Several share requests" value={draft.policy} options={policies} set={(policy) => set({ policy })} />
      <TextField label="Tries after the first" value={draft.retries} required set={(retries) => set({ retries })} />
      <TextField label="Asked for its health at" value={draft.health} placeholder="not asked" set={(health) => set({ health })} />
      <TextField label="Description" value={draft.description} set={(description) => set({ description })} />
      <div class="wide tells">
        <CheckField label="It sees the client's Host" checked={draft.keepsHost} set={(keepsHost) => set({ keepsHost })} />
        <CheckField label="Text is compressed" checked={draft.compression} set={(compression) => set({ compression })} />
      </div>
    </fieldset>
  );
}

export function LimitFields({ draft, set }: HostFieldsProps): JSX.Element {
  return (
    <fieldset aria-label="Limits and timeouts">
      <TextField label="Largest body" value={draft.body} placeholder="no limit" hint="as 512k, 10m" set={(body) => set({ body })} />
      <TextField
        label="Requests for each client"
        value={draft.rate}
        placeholder="no limit"
        hint="as 100/10s"
        set={(rate) => set({ rate })}
      />
      <TextField label="At the same time" value={draft.concurrent} placeholder="no limit" set={(concurrent) => set({ concurrent })} />
      <TextField label="To connect, seconds" value={draft.connect} required set={(connect) => set({ connect })} />
      <TextField label="To the first byte, seconds" value={draft.response} required set={(response) => set({ response })} />
      <TextField label="Between bytes, seconds" value={draft.idle} required set={(idle) => set({ idle })} />
      <TextField label="Waits while paused, seconds" value={draft.hold} required set={(hold) => set({ hold })} />
    </fieldset>
  );
}

export function HeaderFields({ draft, set }: HostFieldsProps): JSX.Element {
  const hint = "one a line; without a value it is taken out";
  return (
    <fieldset class="halves" aria-label="Headers">
      <AreaField
        label="Headers for the upstream"
        value={draft.headers}
        rows={3}
        placeholder="X-Team: shop"
        hint={hint}
        set={(headers) => set({ headers })}
      />
      <AreaField
        label="Headers for the client"
        value={draft.answerHeaders}
        rows={3}
        placeholder="X-Frame-Options: DENY"
        hint={hint}
        set={(answerHeaders) => set({ answerHeaders })}
      />
    </fieldset>
  );
}

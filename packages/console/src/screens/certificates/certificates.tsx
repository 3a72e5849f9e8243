/** What HTTPS is served with: names, until when, from where; and the authority of this machine for development names. */
import type { JSX } from "preact";
import type { CertificatesAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago, dateTime, duration } from "../../format.ts";
import { confirm } from "../../parts/confirm.tsx";
import { Pill } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox, toast } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { LocalAuthority } from "./local-authority.tsx";
import { UploadForm } from "./upload-form.tsx";

type Certificate = CertificatesAnswer["items"][number];

const path = "/api/v1/certificates";
/** Milliseconds before the end from which on somebody should act. */
const soon = 14 * 86_400_000;

export function CertificatesScreen(): JSX.Element {
  const { data, problem, reload } = useResource<CertificatesAnswer>(path, 30_000);
  const upload = query.value.get("upload");
  const replaced = data?.items.find((one) => one.cert_name === upload) ?? null;
  const close = () => setQuery({ upload: null });
  return (
    <>
      <div class="heading">
        <h1>Certificates</h1>
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ upload: "new" })}>
            Upload a certificate
          </button>
        </div>
      </div>
      {upload !== null && data && <UploadForm key={upload} replaced={replaced} close={close} changed={reload} />}
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && data.items.length === 0 && (
        <Empty title="No certificate is uploaded" command="npx tidegate cert upload --chain fullchain.pem --key privkey.pem">
          Development names need none: this machine's own authority makes theirs. Any other host needs one that its visitors trust.
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <Table label="Certificates" columns={columnsOf(reload)} rows={data.items} rowKey={(c) => c.cert_name} />
      )}
      <LocalAuthority />
    </>
  );
}

function columnsOf(changed: () => void): readonly Column<Certificate>[] {
  return [
    { label: "Certificate", lead: true, cell: (c) => c.cert_name },
    { label: "Names", wide: true, cell: (c) => <code>{c.domains.join(" ")}</code> },
    { label: "Until", cell: (c) => <Until certificate={c} /> },
    { label: "From", cell: (c) => <span title={c.issuer}>{/CN=([^,]+)/.exec(c.issuer)?.[1] ?? c.issuer}</span> },
    { label: "Key", cell: (c) => c.key_type },
    { label: "Origin", cell: (c) => <Pill tone="quiet">{c.origin}</Pill> },
    { label: "Owner", cell: (c) => c.owner },
    { label: "Actions", acts: true, cell: (c) => <Actions certificate={c} changed={changed} /> },
  ];
}

function Until({ certificate: { status, expires_at: at } }: { certificate: Certificate }): JSX.Element {
  if (status === "expired" || at <= now.value)
    return (
      <span title={dateTime(at)}>
        <Pill tone="bad">expired</Pill> {ago(at, now.value)}
      </span>
    );
  const left = at - now.value;
  return (
    <span title={dateTime(at)}>
      {dateTime(at).slice(0, 10)}{" "}
      {left < soon ? <Pill tone="warn">{`in ${duration(left)}`}</Pill> : <span class="faint">in {duration(left)}</span>}
    </span>
  );
}

function Actions({ certificate: { cert_name: name }, changed }: { certificate: Certificate; changed: () => void }): JSX.Element {
  const remove = async () => {
    const text = "Hosts that name it are served with whichever fits, or not by HTTPS at all. Its key is forgotten.";
    if (!(await confirm({ title: `Delete the certificate ${name}?`, text, action: "Delete", danger: true, typed: name }))) return;
    if (await act(() => api("DELETE", `${path}/${encodeURIComponent(name)}`), changed)) toast(`Deleted ${name}`);
  };
  return (
    <span class="row-actions">
      <button type="button" class="button" aria-label={`Replace ${name}`} onClick={() => setQuery({ upload: name })}>
        Replace
      </button>
      <button type="button" class="button danger-text" aria-label={`Delete ${name}`} onClick={() => void remove()}>
        Delete
      </button>
    </span>
  );
}

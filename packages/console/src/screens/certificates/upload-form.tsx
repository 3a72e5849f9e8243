/** A certificate and its key, pasted or from files; in place of one there is, for the next handshakes. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { CertificateAnswer, CertificatesAnswer, Problem } from "tidegate/contract";
import { api, problemOf } from "../../api.ts";
import { dateTime } from "../../format.ts";
import { AreaField, TextField } from "../../parts/fields.tsx";
import { FormEnd } from "../../parts/form-end.tsx";
import { toast } from "../../parts/notices.tsx";

interface UploadFormProps {
  /** Null: a new one. */
  replaced: CertificatesAnswer["items"][number] | null;
  close: () => void;
  changed: () => void;
}

const path = "/api/v1/certificates";

export function UploadForm({ replaced, close, changed }: UploadFormProps): JSX.Element {
  const [draft, setDraft] = useState({ name: "", chain: "", key: "" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const set = (change: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...change }));
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      const made = await save(draft, replaced?.cert_name ?? null);
      toast(`${made.domains.join(", ")} served with ${made.cert_name} until ${dateTime(made.expires_at ?? 0).slice(0, 10)}`);
      close();
      changed();
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const title = replaced === null ? "Upload a certificate" : `Replace ${replaced.cert_name}`;
  return (
    <form class="rule-form panel" aria-label={title} onSubmit={(event) => void submit(event)}>
      <h2>{title}</h2>
      {replaced === null && (
        <fieldset>
          <TextField label="Name" value={draft.name} placeholder="after its first host" set={(name) => set({ name })} />
        </fieldset>
      )}
      <fieldset class="halves">
        <Pem label="Certificate, with its chain" begins="-----BEGIN CERTIFICATE-----" value={draft.chain} set={(chain) => set({ chain })} />
        <Pem label="Private key" begins="-----BEGIN PRIVATE KEY-----" value={draft.key} set={(key) => set({ key })} />
      </fieldset>
      <p class="faint">The key is kept encrypted and never shown again.</p>
      <FormEnd
        action={replaced === null ? "Upload" : "Replace"}
        problem={problem}
        close={close}
        disabled={draft.chain.trim() === "" || draft.key.trim() === ""}
      />
    </form>
  );
}

interface PemProps {
  label: string;
  begins: string;
  value: string;
  set: (text: string) => void;
}

function Pem({ label, begins, value, set }: PemProps): JSX.Element {
  const read = async (file: File | undefined) => file && set(await file.text());
  return (
    <div class="pem">
      <AreaField label={label} value={value} rows={5} placeholder={begins} set={set} />
      <input
        type="file"
        accept=".pem,.crt,.cer,.key,.txt"
        aria-label={`${label}, as a file`}
        onChange={(event) => void read(event.currentTarget.files?.[0])}
      />
    </div>
  );
}

async function save(
  { name, chain, key }: { name: string; chain: string; key: string },
  replaced: string | null,
): Promise<CertificateAnswer> {
  const pems = { fullchain_pem: chain, private_key_pem: key };
  if (replaced !== null) return await api("PUT", `${path}/${encodeURIComponent(replaced)}`, pems);
  return await api("POST", path, { ...pems, ...(name.trim() === "" ? {} : { cert_name: name.trim() }) });
}

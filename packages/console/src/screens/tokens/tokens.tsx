/** Who may use the API, for what and until when; the secrets themselves are shown once and kept nowhere. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { NewTokenAnswer, RevokedAnswer, TokenAnswer, TokensAnswer } from "tidegate/contract";
import { act } from "../../act.ts";
import { api, useResource } from "../../api.ts";
import { now } from "../../clock.ts";
import { ago, dateTime, duration } from "../../format.ts";
import { choose, confirm } from "../../parts/confirm.tsx";
import { Pill } from "../../parts/marks.tsx";
import { Empty, Loading, ProblemBox, toast } from "../../parts/notices.tsx";
import { Table, type Column } from "../../parts/table.tsx";
import { query, setQuery } from "../../router.ts";
import { SecretOnce } from "./secret-once.tsx";
import { TokenForm } from "./token-form.tsx";
import { ownsWords } from "./token-words.ts";

const path = "/api/v1/tokens";
/** Not a name: those begin with a letter or digit. */
const fresh = "+";

export function TokensScreen(): JSX.Element {
  const { data, problem, reload } = useResource<TokensAnswer>(path, 10_000);
  const [made, setMade] = useState<NewTokenAnswer | null>(null);
  const wanted = query.value.get("token");
  const edited = data?.items.find((token) => token.name === wanted) ?? null;
  const close = () => setQuery({ token: null });
  const saved = (token: NewTokenAnswer | null) => {
    setMade(token);
    close();
    reload();
  };
  return (
    <>
      <div class="heading">
        <h1>Tokens</h1>
        <div class="actions">
          <button type="button" class="button primary" onClick={() => setQuery({ token: fresh })}>
            New token
          </button>
        </div>
      </div>
      {made && <SecretOnce made={made} close={() => setMade(null)} />}
      {(edited !== null || wanted === fresh) && <TokenForm key={wanted} initial={edited} close={close} saved={saved} />}
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && data.items.length === 0 && (
        <Empty title="Only the admin token" command="npx tidegate token create deploy-bot">
          Give each program a token of its own, with the scopes it needs: then the audit says who did what, and one can be revoked alone.
        </Empty>
      )}
      {data && data.items.length > 0 && (
        <Table label="Tokens" columns={columnsOf(reload, setMade)} rows={data.items} rowKey={(t) => t.name} />
      )}
    </>
  );
}

function columnsOf(changed: () => void, made: (token: NewTokenAnswer) => void): readonly Column<TokenAnswer>[] {
  return [
    { label: "Token", lead: true, cell: (t) => <Name token={t} /> },
    { label: "E-mail", cell: (t) => t.email ?? "–" },
    { label: "Scopes", wide: true, cell: (t) => <Scopes token={t} /> },
    { label: "Ends", cell: (t) => <Ends token={t} /> },
    { label: "Last used", cell: (t) => (t.last_used_at === null ? <span class="faint">never</span> : ago(t.last_used_at, now.value)) },
    { label: "Owns", cell: (t) => ownsWords(t.owns) || "–" },
    { label: "Actions", acts: true, cell: (t) => <Actions token={t} changed={changed} made={made} /> },
  ];
}

function Name({ token }: { token: TokenAnswer }): JSX.Element {
  return (
    <>
      {token.name} {token.hint !== "" && <code class="faint">{token.hint}…</code>}{" "}
      {token.state !== "active" && <Pill tone={token.state === "expired" ? "bad" : "warn"}>{token.state}</Pill>}
    </>
  );
}

function Scopes({ token }: { token: TokenAnswer }): JSX.Element {
  if (token.scopes.includes("*")) return <Pill tone="warn">everything</Pill>;
  return <code>{token.scopes.join(" ") || "none"}</code>;
}

function Ends({ token: { expires_at: at } }: { token: TokenAnswer }): JSX.Element {
  if (at === null) return <span class="faint">never</span>;
  return <span title={dateTime(at)}>{at <= now.value ? ago(at, now.value) : `in ${duration(at - now.value)}`}</span>;
}

/** Seconds. */
const graces = [
  { value: "0", label: "no longer" },
  { value: "3600", label: "for an hour" },
  { value: "86400", label: "for a day" },
] as const;

interface ActionsProps {
  token: TokenAnswer;
  changed: () => void;
  made: (token: NewTokenAnswer) => void;
}

function Actions({ token, changed, made }: ActionsProps): JSX.Element {
  const { name } = token;
  const rotate = async () => {
    const text = "It gets a new secret, which is shown once.";
    const grace = await choose({ title: `Rotate ${name}?`, text, action: "Rotate", label: "The old secret is good", choices: graces });
    if (grace === null) return;
    const address = `${path}/${encodeURIComponent(name)}/rotate`;
    await act(async () => made(await api<NewTokenAnswer>("POST", address, { grace: Number(grace) })), changed);
  };
  return (
    <span class="row-actions">
      <button type="button" class="button" aria-label={`Edit ${name}`} onClick={() => setQuery({ token: name })}>
        Edit
      </button>
      <button type="button" class="button" aria-label={`Rotate ${name}`} onClick={() => void rotate()}>
        Rotate
      </button>
      <button type="button" class="button danger-text" aria-label={`Revoke ${name}`} onClick={() => void revoke(token, changed)}>
        Revoke
      </button>
    </span>
  );
}

async function revoke(token: TokenAnswer, changed: () => void): Promise<void> {
  const cascade = await whatToRevoke(token);
  if (cascade === null) return;
  const address = `${path}/${encodeURIComponent(token.name)}?cascade=${cascade}`;
  await act(async () => toast((await api<RevokedAnswer>("DELETE", address)).detail), changed);
}

/** Whether what it owns goes as well; null: nothing happens. */
async function whatToRevoke({ name, owns }: TokenAnswer): Promise<boolean | null> {
  const question = {
    title: `Revoke ${name}?`,
    text: "It is refused from now on, and cannot be brought back.",
    action: "Revoke",
    danger: true,
  };
  const owned = ownsWords(owns);
  if (owned === "") return (await confirm(question)) ? false : null;
  const choices = [
    { value: "keep", label: "keep it; it passes to the admin" },
    { value: "cascade", label: "remove it too; services are ended" },
  ] as const;
  const chosen = await choose({ ...question, label: `It owns ${owned}:`, choices });
  return chosen === null ? null : chosen === "cascade";
}

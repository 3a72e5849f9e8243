/** Publishes one message, and shows the same as a command to keep. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Problem, PublishAnswer, PublishRequest } from "tidegate/contract";
import { api, problemOf } from "../api.ts";
import { CopyCommand } from "../parts/copy.tsx";
import { ProblemBox, toast } from "../parts/notices.tsx";
import { quoted } from "../shell.ts";

const priorities = ["low", "normal", "high", "critical"] as const;
type Fields = { type: string; data: string; priority: (typeof priorities)[number]; user: string; correlation: string; retries: string };

const blank: Fields = { type: "", data: '{\n  "hello": "tidegate"\n}', priority: "normal", user: "", correlation: "", retries: "" };

export function PublishForm({ topic }: { topic: string }): JSX.Element {
  const [fields, setFields] = useState(blank);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sending, setSending] = useState(false);
  const wrong = jsonFault(fields.data);
  const set = (name: keyof Fields) => (event: { currentTarget: { value: string } }) =>
    setFields({ ...fields, [name]: event.currentTarget.value });
  const submit = async (event: Event) => {
    event.preventDefault();
    setSending(true);
    setProblem(await publish(topic, fields));
    setSending(false);
  };
  return (
    <form class="publish panel" aria-label={`Publish to ${topic}`} onSubmit={(event) => void submit(event)}>
      <label class="field">
        <span>Type</span>
        <input name="type" required maxLength={256} placeholder="user_created" value={fields.type} onInput={set("type")} />
      </label>
      <label class="field">
        <span>Priority</span>
        <select name="priority" value={fields.priority} onChange={set("priority")}>
          {priorities.map((p) => (
            <option key={p} value={p}>
              {p}
            </option>
          ))}
        </select>
      </label>
      <label class="field wide">
        <span>Data (JSON)</span>
        <textarea
          name="data"
          rows={5}
          spellcheck={false}
          aria-invalid={wrong !== null}
          aria-describedby="data-fault"
          value={fields.data}
          onInput={set("data")}
        />
      </label>
      <p id="data-fault" class="wide fault" aria-live="polite">
        {wrong}
      </p>
      <details class="wide">
        <summary>More: user, correlation, retries</summary>
        <div class="more">
          <label class="field">
            <span>User id</span>
            <input name="user" value={fields.user} onInput={set("user")} />
          </label>
          <label class="field">
            <span>Correlation id</span>
            <input name="correlation" value={fields.correlation} onInput={set("correlation")} />
          </label>
          <label class="field">
            <span>Retries allowed</span>
            <input name="retries" type="number" min={0} max={100} value={fields.retries} onInput={set("retries")} />
          </label>
        </div>
      </details>
      {problem && (
        <div class="wide">
          <ProblemBox problem={problem} />
        </div>
      )}
      <div class="wide send">
        <button type="submit" class="button primary" disabled={sending || wrong !== null}>
          {sending ? "Publishing…" : `Publish to ${topic}`}
        </button>
        {wrong === null && <CopyCommand command={commandOf(topic, fields)} />}
      </div>
    </form>
  );
}

async function publish(topic: string, fields: Fields): Promise<Problem | null> {
  try {
    const receipt = await api<PublishAnswer>("POST", "/api/v1/messages", requestOf(topic, fields));
    toast(
      `Stored as ${receipt.entry_id}`,
      `/topics/${encodeURIComponent(topic)}?message=${encodeURIComponent(`${receipt.stream}/${receipt.entry_id}`)}`,
    );
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

function requestOf(topic: string, fields: Fields): PublishRequest {
  const request: PublishRequest = {
    topic,
    type: fields.type.trim(),
    data: fields.data.trim() === "" ? null : JSON.parse(fields.data),
    priority: fields.priority,
  };
  if (fields.user !== "") request.user_id = fields.user;
  if (fields.correlation !== "") request.correlation_id = fields.correlation;
  if (fields.retries !== "") request.max_retries = Number(fields.retries);
  return request;
}

function commandOf(topic: string, fields: Fields): string {
  const data = fields.data.trim() === "" ? "null" : JSON.stringify(JSON.parse(fields.data));
  const priority = fields.priority === "normal" ? "" : ` --priority ${fields.priority}`;
  return `npx tidegate publish ${topic} ${quoted(fields.type.trim() || "user_created")} ${quoted(data)}${priority}`;
}

/** What is wrong with a text as JSON; null for nothing. */
export function jsonFault(text: string): string | null {
  if (text.trim() === "") return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `Not valid JSON: ${error instanceof Error ? error.message : "cannot be read"}`;
  }
}

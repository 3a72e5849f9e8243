/** A command or id to take along. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { Sign } from "./icons.tsx";

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }): JSX.Element {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await write(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <button type="button" class="plain copy" aria-label={done ? "Copied" : label} title={label} onClick={() => void copy()}>
      <Sign name={done ? "check" : "copy"} />
    </button>
  );
}

export function CopyCommand({ command }: { command: string }): JSX.Element {
  return (
    <div class="command">
      <code>{command}</code>
      <CopyButton text={command} label="Copy command" />
    </div>
  );
}

/** The clipboard API needs HTTPS or localhost; over plain HTTP the old way still works. */
async function write(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

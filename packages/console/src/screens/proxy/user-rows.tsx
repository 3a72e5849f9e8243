/** Users with passwords, a row each. Passwords are kept as hashes and never shown again. */
import type { JSX } from "preact";
import { TextField } from "../../parts/fields.tsx";
import { blankUser, type AccessDraft, type UserDraft } from "./access-draft.ts";

interface UserRowsProps {
  users: readonly UserDraft[];
  realm: string;
  set: (change: Partial<AccessDraft>) => void;
}

export function UserRows({ users, realm, set }: UserRowsProps): JSX.Element {
  const change = (at: number, next: Partial<UserDraft>) => set({ users: users.map((user, i) => (i === at ? { ...user, ...next } : user)) });
  return (
    <fieldset class="rows" aria-label="Users with passwords">
      <legend>Users with passwords</legend>
      {users.map((user, i) => (
        <div key={i} class="row user" role="group" aria-label={`User ${i + 1}`}>
          <TextField label="Name" value={user.name} disabled={user.stored} set={(name) => change(i, { name })} />
          <TextField
            label="Password"
            value={user.password}
            secret
            placeholder={user.stored ? "as it is" : ""}
            set={(password) => change(i, { password })}
          />
          <TextField label="Groups" value={user.groups} placeholder="staff" set={(groups) => change(i, { groups })} />
          <button
            type="button"
            class="button danger-text"
            aria-label={`Remove user ${i + 1}`}
            onClick={() => set({ users: users.filter((_, j) => j !== i) })}
          >
            Remove
          </button>
        </div>
      ))}
      <div class="actions ends-low">
        <button type="button" class="button" onClick={() => set({ users: [...users, blankUser] })}>
          Add a user
        </button>
        {users.length > 0 && <TextField label="What the browser asks for" value={realm} set={(next) => set({ realm: next })} />}
      </div>
    </fieldset>
  );
}

/**
 * Local accounts from /etc/passwd (passwd(5)). Only people and root: system accounts (uid below 1000, `nobody`) are left out.
 */
import { userInfo } from "node:os";
import { readIfThere } from "./source.ts";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly shell: string;
}

const FIRST_PERSON = 1_000;
const NOBODY = 65_534;

/** Null where the machine has no such file. */
export async function readAccounts(): Promise<Account[] | null> {
  const text = await readIfThere("/etc/passwd");
  return text === null ? null : parseAccounts(text);
}

/** Whoever runs this program, also a system account or, in a container, a number without a name. */
export function ownAccount(): Account {
  const uid = process.getuid?.() ?? -1;
  try {
    const { username, shell } = userInfo();
    return { name: username, uid, shell: shell ?? "" };
  } catch {
    return { name: `uid-${uid}`, uid, shell: "" };
  }
}

export function parseAccounts(text: string): Account[] {
  return text.split("\n").flatMap((line) => {
    const [name, , uidText, , , , shell = ""] = line.split(":");
    const uid = Number(uidText);
    const ours = uid === 0 || (uid >= FIRST_PERSON && uid < NOBODY);
    return name !== undefined && name !== "" && /^\d+$/.test(uidText ?? "") && ours ? [{ name, uid, shell }] : [];
  });
}

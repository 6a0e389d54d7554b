import { readFile, realpath, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import path from "node:path";
import { OpsError } from "../../../domain/ops-error.ts";

/** The unprivileged account the server runs as when Signalman itself is root. */
export interface ServerAccount {
  name: string;
  uid: number;
  gid: number;
}

/** In this order: one made for us, one made for PostgreSQL, the one every system has. */
const preferred = ["signalman", "postgres", "nobody"];

/**
 * PostgreSQL refuses to run as root, and needs an account that the user database knows. Undefined when Signalman
 * is not root: then the server simply runs as Signalman's own account.
 * `ownerUid`: the owner of data that exist already, who must stay the same.
 */
export async function serverAccount(ownerUid: number | undefined): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = await knownAccounts();
  const found =
    ownerUid === undefined || ownerUid === 0
      ? preferred.map((name) => accounts.find((account) => account.name === name)).find(Boolean)
      : accounts.find((account) => account.uid === ownerUid);
  if (found !== undefined && found.uid !== 0) return found;
  throw new OpsError(
    "misconfigured",
    ownerUid === undefined || ownerUid === 0
      ? `PostgreSQL does not run as root, and none of the accounts ${preferred.join(", ")} exists. Start Signalman as an ordinary user, or set DATABASE_URL.`
      : `The embedded database belongs to user id ${ownerUid}, which /etc/passwd does not know. Add that account, or start Signalman as it.`,
  );
}

/** The name of Signalman's own account; peer authentication and initdb both need one. */
export function ownAccountName(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw new OpsError(
      "misconfigured",
      `The embedded PostgreSQL cannot run as user id ${process.getuid?.()}, because the system has no name for it. Add an entry to /etc/passwd, or set DATABASE_URL.`,
      { cause },
    );
  }
}

async function knownAccounts(): Promise<ServerAccount[]> {
  const passwd = await readFile("/etc/passwd", "utf8");
  return passwd.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (name === undefined || uid === undefined || gid === undefined) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

/** Whether `account` may read the file `target` and pass every folder above it. `target` must exist. */
export async function reachableBy(account: ServerAccount, target: string): Promise<boolean> {
  const whole = await realpath(target);
  return (await grants(account, whole, 0o4)) && (await passableFor(account, path.dirname(whole)));
}

/** Whether `account` may pass `folder` and every folder above it. */
export async function passableFor(account: ServerAccount, folder: string): Promise<boolean> {
  for (let each = folder; ; each = path.dirname(each)) {
    if (!(await grants(account, each, 0o1))) return false;
    if (each === path.dirname(each)) return true;
  }
}

async function grants(account: ServerAccount, target: string, bit: 0o1 | 0o4): Promise<boolean> {
  const { mode, uid, gid } = await stat(target);
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & bit) !== 0;
}

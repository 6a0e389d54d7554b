import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, lstat, mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { OpsError } from "../../../domain/ops-error.ts";
import { passableFor, serverAccount, type ServerAccount } from "./server-account.ts";

/** Where one embedded server lives. Everything in `folder` is of mode 0700 and belongs to the server's account. */
export interface ServerHome {
  folder: string;
  /** PostgreSQL's own data folder; absent until initdb has made it. */
  data: string;
  /** The folder of the Unix socket. */
  socket: string;
  log: string;
  account: ServerAccount | undefined;
}

/** A Unix socket's path has at most 107 bytes; `.s.PGSQL.5432` is added to the folder. */
const longestSocketFolder = 107 - "/.s.PGSQL.5432".length;

/**
 * The home is `<dataFolder>/postgres`. Where Signalman is root and the server's account cannot reach that, it is
 * a folder under /var/lib named by a hash; a file in the data folder remembers the choice, so that a later change
 * of modes does not make the data seem gone.
 */
export async function serverHome(dataFolder: string, log: (line: string) => void): Promise<ServerHome> {
  // Root's data folder must let the server's account pass to its own folder inside; nothing can be listed.
  await mkdir(dataFolder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const whole = await realpath(dataFolder);
  const near = path.join(whole, "postgres");
  const note = path.join(whole, "postgres-is-elsewhere");
  const noted = (await readFile(note, "utf8").catch(() => "")).trim();

  const existing = [noted, near].find((folder) => folder !== "" && existsSync(path.join(folder, "data")));
  const account = await serverAccount(existing === undefined ? undefined : (await stat(existing)).uid);
  const reachable = account === undefined || (await passableFor(account, whole));
  const folder = noted !== "" ? noted : reachable ? near : farFolder(whole);
  if (folder !== near) {
    if (noted === "") await writeWhole(note, `${folder}\n`);
    log(
      `account ${account?.name ?? "of this process"} cannot reach ${whole}: the embedded database lies in ${folder}`,
    );
  }
  await ownFolder(folder, account);
  const socket = await socketFolder(folder, account);
  return { folder, data: path.join(folder, "data"), socket, log: path.join(folder, "server.log"), account };
}

function farFolder(dataFolder: string): string {
  return path.join("/var/lib/signalman", hashOf(dataFolder));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

async function socketFolder(home: string, account: ServerAccount | undefined): Promise<string> {
  const near = path.join(home, "socket");
  const name = `signalman-${hashOf(home)}`;
  const folder = [near, path.join(tmpdir(), name), path.join("/tmp", name)].find(
    (each) => Buffer.byteLength(each) <= longestSocketFolder,
  );
  if (folder === undefined) throw new Error("a folder under /tmp is short enough");
  await ownFolder(folder, account);
  return folder;
}

/** Makes the folder, or refuses one that another account could have planted. */
async function ownFolder(folder: string, account: ServerAccount | undefined): Promise<void> {
  if (!existsSync(folder)) {
    await mkdir(path.dirname(folder), { recursive: true, mode: 0o755 }).catch(cannotMake(folder));
    await mkdir(folder, { mode: 0o700 }).catch(cannotMake(folder));
  }
  const found = await lstat(folder);
  const self = process.getuid?.();
  if (self === undefined) return;
  const owner = account?.uid ?? self;
  if (!found.isDirectory() || (found.uid !== owner && found.uid !== self)) {
    throw new OpsError(
      "misconfigured",
      `${folder} belongs to user id ${found.uid}, but the embedded PostgreSQL runs as user id ${owner}. Start Signalman as the user it was first started as, or give it another data folder.`,
    );
  }
  if (found.uid !== owner && account !== undefined) await chown(folder, account.uid, account.gid);
  if ((found.mode & 0o777) !== 0o700) await chmod(folder, 0o700);
}

function cannotMake(folder: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code === "EEXIST") return;
    throw new OpsError(
      "misconfigured",
      `Cannot make ${folder} for the embedded PostgreSQL (${error.code}). Choose another data folder, or set DATABASE_URL.`,
      { cause: error },
    );
  };
}

async function writeWhole(file: string, text: string): Promise<void> {
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, text, { mode: 0o600 });
  await rename(fresh, file);
}

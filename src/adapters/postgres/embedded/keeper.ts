import { spawn, type ChildProcess } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isAlive } from "./postmaster.ts";
import type { ServerHome } from "./server-home.ts";

/**
 * A small shell that outlives Signalman by a moment. It reads process ids of servers from a pipe and, when the
 * pipe closes (however Signalman ended), stops the last one. It runs in a session of its own, so neither Ctrl-C
 * nor a kill of Signalman's process group reaches it. It never signals a pid that no longer holds the folder.
 */
const script = `
server=
while read -r next; do server=$next; done
[ -n "$server" ] || exit 0
for try in 1 2 3 4 5; do
  claim=
  [ -r "$1/postmaster.pid" ] && read -r claim < "$1/postmaster.pid"
  if [ "$claim" = "$server" ]; then kill -INT "$server"; exit 0; fi
  kill -0 "$server" 2>/dev/null || exit 0
  sleep 1
done
`;

export interface Keeper {
  /** From now on this server is stopped when we end, and whoever joins it knows that we keep it. */
  watch(serverPid: number): Promise<void>;
  /** Lets the keeper go: it stops the server it watches. */
  release(): void;
}

export async function startKeeper(home: ServerHome, onEnd: () => void): Promise<Keeper> {
  const child: ChildProcess = spawn("/bin/sh", ["-c", script, "signalman-keeper", home.data], {
    cwd: "/",
    detached: true,
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
    ...(home.account && { uid: home.account.uid, gid: home.account.gid }),
  });
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  child.unref();
  const pipe = child.stdin;
  if (pipe === null) throw new Error("the keeper was spawned with a pipe");
  pipe.on("error", () => undefined); // the keeper was killed; `alive` says so
  if ("unref" in pipe && typeof pipe.unref === "function") pipe.unref();
  child.once("exit", onEnd);
  return {
    async watch(serverPid) {
      pipe.write(`${serverPid}\n`);
      await dropStaleNotes(home);
      await writeFile(noteOf(home, serverPid), String(child.pid));
    },
    release: () => void pipe.end(),
  };
}

/** Whether some Signalman's keeper, ours or another's, looks after this server. */
export async function hasKeeper(home: ServerHome, serverPid: number): Promise<boolean> {
  const pid = Number(await readFile(noteOf(home, serverPid), "utf8").catch(() => "0"));
  if (pid === 0 || !isAlive(pid)) return false;
  if (process.platform !== "linux") return true;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes(`signalman-keeper\0${home.data}`);
}

const noteName = /^keeper-of-(\d+)\.pid$/;

/** One for each server: of two that start at once each has a keeper, and only one of them stays. */
function noteOf(home: ServerHome, serverPid: number): string {
  return path.join(home.folder, `keeper-of-${serverPid}.pid`);
}

async function dropStaleNotes({ folder }: ServerHome): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid] = noteName.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(path.join(folder, name), { force: true });
  }
}

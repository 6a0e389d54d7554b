import { spawn, type ChildProcess } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
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
  /** From now on this server is stopped when we end. */
  watch(serverPid: number): void;
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
  await writeFile(noteOf(home), String(child.pid));
  return {
    watch: (serverPid) => void pipe.write(`${serverPid}\n`),
    release: () => void pipe.end(),
  };
}

/** Whether some Signalman's keeper, ours or another's, looks after this home. */
export async function hasKeeper(home: ServerHome): Promise<boolean> {
  const pid = Number(await readFile(noteOf(home), "utf8").catch(() => "0"));
  if (pid === 0 || !isAlive(pid)) return false;
  if (process.platform !== "linux") return true;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes(`signalman-keeper\0${home.data}`);
}

function noteOf(home: ServerHome): string {
  return path.join(home.folder, "keeper.pid");
}

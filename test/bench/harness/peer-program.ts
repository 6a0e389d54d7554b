import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort } from "../../../src/adapters/postgres/embedded/free-port.ts";
import { until } from "../../support/until.ts";
import { type AlertForm, createAlertWriter } from "./alerts.ts";
import { withDescendants } from "./memory.ts";
import { startPart } from "./part.ts";
import type { Peer, PeerServices } from "./peer.ts";
import { firstTold, openSink, paceSink, type SinkOpened, whatWasTold } from "./slack-sink.ts";

/** How a program is set up as a person would who wants alerts in Slack. */
export interface PeerProgram {
  form: AlertForm;
  /** Where alerts are posted. */
  path: string;
  /** Its folder is made inside of this one. */
  folder: string;
  files(at: PeerPlace): Readonly<Record<string, string>>;
  command(at: PeerPlace): {
    program: string;
    args: readonly string[];
    env?: Readonly<Record<string, string>>;
  };
  silentMs: number;
}

export interface PeerPlace {
  port: number;
  slack: SinkOpened;
}

const sink = new URL("slack-sink-process.ts", import.meta.url);

export async function startPeerProgram(plan: PeerProgram, services: PeerServices): Promise<Peer> {
  await using stack = new AsyncDisposableStack();
  const part = stack.use(await startPart(sink));
  const at: PeerPlace = { port: await freePort(), slack: await part.ask(openSink, null) };
  const folder = mkdtempSync(join(plan.folder, "peer-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(plan.files(at))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const url = `http://127.0.0.1:${at.port}${plan.path}`;
  let child = await start(plan, at, folder, url);
  stack.defer(() => kill(child));
  const owned = stack.move();
  return {
    url,
    form: plan.form,
    services,
    silentMs: plan.silentMs,
    pids: () => [child.pid ?? 0],
    paceSlack: async () => void (await part.ask(paceSink, null)),
    told: () => part.ask(whatWasTold, null),
    firstTold: async () => new Map(await part.ask(firstTold, null)),
    async crash() {
      await kill(child);
      child = await start(plan, at, folder, url);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Runs, and takes an alert. */
async function start(plan: PeerProgram, at: PeerPlace, folder: string, url: string): Promise<ChildProcess> {
  const { program, args, env = {} } = plan.command(at);
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (data: Buffer) => (output = (output + data.toString()).slice(-4000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const body = createAlertWriter(plan.form)({
    service: "ready",
    name: "Ready",
    severity: "critical",
    id: "ready",
  });
  try {
    await until(
      `${program} to take an alert`,
      () => {
        if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${output}`);
        return accepts(url, body);
      },
      { timeoutMs: 30_000, seen: () => output },
    );
  } catch (error) {
    await kill(child);
    throw error;
  }
  return child;
}

async function accepts(url: string, body: string): Promise<boolean> {
  try {
    const headers = { "content-type": "application/json" };
    const { ok } = await fetch(url, { method: "POST", body, headers });
    return ok;
  } catch {
    return false;
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  killAll([child.pid ?? 0]);
  await ended;
}

/** kill -9 for these processes and all below them. */
export function killAll(roots: readonly number[]): void {
  for (const pid of withDescendants(roots.filter((root) => root > 1))) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

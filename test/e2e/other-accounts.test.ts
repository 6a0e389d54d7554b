import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createWorld } from "../../src/sandbox/world/create-world.ts";
import { createPlay } from "../support/incident-play.ts";
import { spawnSignalman } from "../support/signalman.ts";
import { accounts } from "./embedded-postgres/accounts.ts";

const root = join(import.meta.dirname, "..", "..");
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write("not tested here, missing: the rights of root to play other accounts\n");

/** A checkout of its own as far as running goes. */
function copyTo(folder: string): string {
  for (const part of ["src", "bin", "governance", "runbooks", "prompts", "package.json"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return join(folder, "bin", "signalman.js");
}

function temporary(mode: number): Disposable & { path: string } {
  const path = mkdtempSync("/tmp/signalman-account-");
  chmodSync(path, mode);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

describe.skipIf(!isRoot)("the same Signalman under other accounts", () => {
  it.each(accounts())(
    "starts on its own database and looks after the shop as $title",
    async ({ account }) => {
      // As root in a folder that nobody else may enter; else in one that belongs to the account.
      using folder = temporary(account === undefined ? 0o700 : 0o755);
      const launcher = copyTo(folder.path);
      const home = join(folder.path, "home");
      mkdirSync(home, { mode: 0o700 });
      if (account !== undefined) chownSync(home, account.uid, account.gid);
      await using world = await createWorld({ dataFolder: "./data" });
      const pointed = { settings: world.settings, env: { ...world.env, HOME: home } };
      await using signalman = await spawnSignalman(pointed, home, {
        launcher,
        ...(account && { account: { uid: account.uid, gid: account.gid } }),
      });
      const ready = await fetch(`${signalman.doorUrl}/readyz`);
      expect({ status: ready.status, body: await ready.json() }).toEqual({
        status: 200,
        body: { status: "ok" },
      });
      const play = createPlay(world);
      await play.fire(signalman.doorUrl, "checkout");
      await play.cardOffering("approve", 30_000);
    },
    60_000,
  );
});

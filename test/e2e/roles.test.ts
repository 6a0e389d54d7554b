import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../../src/sandbox/world/create-world.ts";
import { writePatches } from "../faults/harness/patches.ts";
import { createPlay } from "../support/incident-play.ts";
import { expectAuditPasses, expectFolded } from "../support/ledger-check.ts";
import { runSignalman, spawnSignalman, workFolder, writeSettings } from "../support/signalman.ts";
import { until } from "../support/until.ts";

/** The roles table of the design: what each process holds, and nothing else is given to it here. */
const credentials = {
  web: [
    "ALERTMANAGER_SECRET",
    "GENERIC_SECRET",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "FEATBIT_READ_TOKEN",
    "FEATBIT_CONTROLS_SECRET",
  ],
  worker: ["FEATBIT_READ_TOKEN", "FEATBIT_CONTROLS_SECRET"],
  executor: ["FEATBIT_WRITE_TOKEN", "SLACK_BOT_TOKEN", "FEATBIT_CONTROLS_SECRET"],
} as const;
type Role = keyof typeof credentials;
const roles = ["web", "worker", "executor"] as const satisfies readonly Role[];

describe("three processes, each with its own credentials only", () => {
  const folder = workFolder();
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ dataFolder: folder.dataFolder });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const envOf = (role: Role, without?: string): Record<string, string> =>
    Object.fromEntries(
      credentials[role].flatMap((name) => (name === without ? [] : [[name, world.env[name] ?? ""]])),
    );

  it("play the loop together", async () => {
    const play = createPlay(world);
    const original = play.flag("checkout_one_click");
    // Without `--import` the fault campaign's variables mean nothing: this patch fits nowhere and would end the process.
    const { NODE_OPTIONS: _import, ...faults } = writePatches(folder.path, [
      { file: "app.ts", find: "no such text", put: "" },
    ]).env;
    await using web = await spawnSignalman(world, folder.path, { role: "web", env: envOf("web") });
    await using worker = await spawnSignalman(world, folder.path, { role: "worker", env: envOf("worker") });
    await using executor = await spawnSignalman(world, folder.path, {
      role: "executor",
      env: { ...envOf("executor"), ...faults },
    });
    expect(web.doorUrl).toMatch(/^http:/);
    expect([worker.doorUrl, executor.doorUrl]).toEqual(["", ""]);

    await play.fire(web.doorUrl, "checkout");
    await play.cardOffering("approve");
    expect(await play.toldAfter("maya", "approve")).toContain("Not done");
    expect(await play.approve("ruth")).toContain("Approved");
    await play.cardWith("*Applied*");
    await play.threadWith("*Verdict: recovered.*", 45_000);
    await play.cardOffering("roll_back");
    await play.fillIn("ruth", "roll_back", { reason: "The cause is fixed." });
    await play.cardWith(/Undo CHG-/);
    await play.cardOffering("approve");
    await play.approve("pavel");
    await until("the flag to be as it was", () => play.flag("checkout_one_click").isEnabled === true, {
      seen: play.everything,
    });
    expect(play.flag("checkout_one_click")).toEqual(original);
    await play.cardWith(/Undo CHG-[^]*\*Applied\*/);

    // Who did what: only the executor's token wrote, and it did nothing but look and write.
    const writers = world.featbit.mutations.slice(-2).map(({ actor }) => actor);
    expect(writers).toEqual(["signalman-write", "signalman-write"]);
    const { changes } = await expectFolded(folder.path);
    expect(changes.map(({ status }) => status)).toEqual(["closed", "applied"]);
    await expectAuditPasses(folder.path);
  }, 120_000);

  const missing = roles.flatMap((role) => credentials[role].map((name) => ({ role, name })));

  it.each(missing)("$role does not start without $name, and names it", async ({ role, name }) => {
    writeSettings(folder.path, world.settings);
    const { code, output } = await runSignalman(["start", "--role", role], folder.path, envOf(role, name));
    expect(output).toMatch(new RegExp(`\\b${name}\\b.* (is|is set)\\b`));
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFeatBitControls } from "../../../src/adapters/featbit/featbit-controls.ts";
import { controlFlags } from "../../../src/domain/policy/control-flags.ts";
import { type ControlContext, safeControls } from "../../../src/domain/policy/controls.ts";
import { createFeatBitSandbox } from "../../../src/sandbox/featbit/featbit-sandbox.ts";
import { emptyFolder, runCli } from "./run-cli.ts";

const admin = "api-administrator-token-for-one-call-0000001";
const reader = "api-reading-token-that-may-do-nothing-else-1";

async function openFeatBit() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(emptyFolder());
  const featbit = stack.use(await createFeatBitSandbox());
  const seeded = featbit.seed({
    projects: [{ key: "signalman", name: "Signalman", environments: [{ key: "prod", name: "Prod" }] }],
    tokens: [
      { name: "admin", token: admin },
      {
        name: "reader",
        token: reader,
        permissions: [
          {
            id: "p",
            resourceType: "project",
            effect: "allow",
            actions: ["CanAccessProject"],
            resources: ["project/*"],
          },
          {
            id: "e",
            resourceType: "env",
            effect: "allow",
            actions: ["CanAccessEnv"],
            resources: ["project/*:env/*"],
          },
        ],
      },
    ],
  });
  const secret = seeded.environments.get("signalman/prod")?.serverSecret ?? "";
  const env = {
    FEATBIT_API_URL: featbit.apiUrl,
    FEATBIT_STREAMING_URL: featbit.streamingUrl,
    FEATBIT_CONTROLS_SECRET: secret,
    FEATBIT_ADMIN_TOKEN: admin,
  };
  const owned = stack.move();
  return {
    featbit,
    secret,
    env,
    folder: folder.path,
    controls: (...args: string[]) => runCli(["controls", ...args], { cwd: folder.path, env }),
    flag: (key: string) => featbit.world.flags.find((each) => each.key === key),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const context: ControlContext = {
  incidentId: "INC-0000000000",
  service: "checkout",
  environment: "prod",
  project: "shop",
  tool: "",
  riskClass: "",
  severity: "critical",
  source: "alertmanager",
  agent: "rules",
};

describe("signalman controls", () => {
  it("makes safe flags that the SDK reads, says on a second call that they are there, and sets them", async () => {
    await using world = await openFeatBit();
    const { featbit, controls, flag } = world;

    const made = await controls("create", "--owner", "platform-team");
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(featbit.world.flags.map(({ key }) => key).toSorted()).toEqual(
      controlFlags.map(({ key }) => key).toSorted(),
    );
    for (const { tags, isEnabled } of featbit.world.flags) {
      expect({ tags, isEnabled }).toEqual({
        tags: ["signalman", "signalman-controls", "owner-platform-team"],
        isEnabled: true,
      });
    }
    await using read = createFeatBitControls({
      sdkKey: world.secret,
      streamingUrl: featbit.streamingUrl,
      log: { info: () => undefined, warn: () => undefined },
    });
    const { evaluations, ...reading } = await read.read(context);
    expect(reading).toEqual(safeControls);
    expect(evaluations.filter(({ reason }) => reason.includes("safe default"))).toEqual([]);

    const writes = featbit.mutations.length;
    const again = await controls("create", "--owner", "platform-team");
    expect(again.code).toBe(0);
    expect(again.stdout.match(/is there already/g)).toHaveLength(controlFlags.length);
    expect(again.stdout).not.toContain("differs");
    expect(featbit.mutations.length).toBe(writes);

    const raised = await controls(
      "set",
      "mode",
      "approval_required",
      "--environment",
      "prod",
      "--reason",
      "week 3",
    );
    expect(raised.stdout).toContain(
      "signalman-mode in signalman/prod: search_only → approval_required for prod",
    );
    const denied = await controls("set", "denied-tools", "flag.turn_on");
    expect(denied.code).toBe(0);
    await expect
      .poll(() => read.read(context))
      .toMatchObject({ mode: "approval_required", deniedTools: ["flag.turn_on"] });
    expect(await read.read({ ...context, environment: "staging" })).toMatchObject({ mode: "search_only" });
    expect(featbit.world.audits.at(-1)?.comment ?? featbit.world.audits[0]?.comment).toContain(
      "signalman controls",
    );

    expect((await controls("set", "mode", "draft_write", "--environment", "prod")).stdout).toContain(
      "approval_required → draft_write",
    );
    expect(flag("signalman-mode")?.rules).toHaveLength(1);
    const list = await controls("list");
    expect(list).toMatchObject({ code: 0 });
    expect(list.stdout).toMatch(/signalman-mode +search_only; signalman controls: prod: draft_write/);
    const whole = await controls("set", "mode", "observe");
    expect(whole.stdout).toContain("1 targeting rules of this flag still decide before its default");
  });

  it("does not switch on what was switched off everywhere by setting it for one environment", async () => {
    await using world = await openFeatBit();
    const up = { id: "0c0a1000-0000-4000-8000-000000000001", name: "Up", value: "approval_required" };
    const down = { id: "0c0a1000-0000-4000-8000-000000000002", name: "Down", value: "search_only" };
    world.featbit.seed({
      flags: [
        {
          env: "signalman/prod",
          key: "signalman-mode",
          isEnabled: false,
          variationType: "string",
          variations: [up, down],
          disabledVariationId: down.id,
        },
      ],
    });
    const before = world.featbit.mutations.length;
    const set = await world.controls("set", "mode", "observe", "--environment", "staging");
    expect(set).toMatchObject({ code: 1, stderr: expect.stringContaining("switched off") as unknown });
    expect(world.featbit.mutations.length).toBe(before);
    expect(world.flag("signalman-mode")?.isEnabled).toBe(false);
    expect((await world.controls("set", "mode", "observe")).code).toBe(0);
    expect(world.flag("signalman-mode")?.isEnabled).toBe(true);
  });

  it("says how a flag of that name differs, leaves it alone, and does not set what it cannot trust", async () => {
    await using world = await openFeatBit();
    const on = { id: "0c0a1000-0000-4000-8000-000000000001", name: "On", value: "true" };
    const off = { id: "0c0a1000-0000-4000-8000-000000000002", name: "Off", value: "false" };
    world.featbit.seed({
      flags: [
        {
          env: "signalman/prod",
          key: "signalman-mode",
          variations: [on, off],
          disabledVariationId: off.id,
          tags: [],
        },
        {
          env: "signalman/prod",
          key: "signalman-approval-required",
          variations: [on, off],
          disabledVariationId: off.id,
          tags: [],
        },
      ],
    });
    const made = await world.controls("create", "--owner", "platform-team");
    expect(made.code).toBe(1);
    expect(made.stdout).toContain("signalman-mode is of type boolean and must be string");
    expect(made.stdout).toContain('signalman-approval-required serves "false" while it is switched off');
    expect(made.stdout).toContain("it has no tag owner-platform-team");
    const before = world.featbit.mutations.length;
    const set = await world.controls("set", "mode", "observe");
    expect(set).toMatchObject({ code: 1, stderr: expect.stringContaining("Nothing was changed") as unknown });
    expect(world.featbit.mutations.length).toBe(before);
  });

  it("takes the token from standard input or the environment of the call, and from nowhere else", async () => {
    await using world = await openFeatBit();
    const { FEATBIT_ADMIN_TOKEN: _, ...env } = world.env;
    const call = (args: string[], options: { env?: Record<string, string>; input?: string } = {}) =>
      runCli(["controls", ...args], { cwd: world.folder, env, ...options });

    const piped = await call(["create", "--owner", "me", "--token-stdin"], { input: `${admin}\n` });
    expect(piped.code).toBe(0);
    expect(await call(["list"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("FEATBIT_ADMIN_TOKEN is not set") as unknown,
    });
    const argument = await call(["list", "--token", admin]);
    expect(argument).toMatchObject({ code: 2 });
    expect(argument.stderr).toContain("can be read by everybody");
    const weak = await call(["set", "mode", "observe"], { env: { ...env, FEATBIT_ADMIN_TOKEN: reader } });
    expect(weak).toMatchObject({ code: 1, stderr: expect.stringContaining("grant") as unknown });

    writeFileSync(join(world.folder, ".env"), `FEATBIT_ADMIN_TOKEN=${admin}\n`);
    const kept = await call(["list"]);
    expect(kept).toMatchObject({ code: 2, stderr: expect.stringContaining("must not be kept") as unknown });
    const said = [piped, argument, weak, kept].map(({ stdout, stderr }) => stdout + stderr).join("\n");
    expect(said).not.toContain(admin);
    expect(said).not.toContain(reader);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";
import { createAlertSender } from "../../src/sandbox/services/alert-sender.ts";
import { checkoutQueries } from "../../src/sandbox/services/checkout.ts";
import { controlsEnvironment } from "../../src/sandbox/world/flags.ts";
import { createPlay } from "../support/incident-play.ts";
import { buildWorld } from "../support/open-shop.ts";
import { until } from "../support/until.ts";
import { emptyFolder, runCli, startCli } from "./command-line/run-cli.ts";

const admin = "api-administrator-token-for-one-call-0000001";
const flagKey = "checkout_one_click";

it(
  "goes from an empty folder to an approved change by the commands that the guide names",
  { timeout: 240_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(emptyFolder());
    const world = stack.use(await buildWorld({ dataFolder: join(folder.path, "data") }));
    const { featbit, slack } = world;
    // What `controls create` is to make, and the token of whoever runs FeatBit.
    const [{ id: controlsId } = { id: "" }] = featbit.world.projects
      .filter(({ key }) => key === controlsEnvironment.split("/")[0])
      .flatMap(({ environments }) => environments);
    featbit.world.flags = featbit.world.flags.filter(({ envId }) => envId !== controlsId);
    featbit.seed({ tokens: [{ name: "administrator", token: admin }] });
    const play = createPlay(world);
    const signalman = (args: string[], env: Record<string, string> = {}) =>
      runCli(args, { cwd: folder.path, env });

    // The secrets that a person would paste are taken over from the environment of the call.
    const { ALERTMANAGER_SECRET: _, GENERIC_SECRET: __, ...tokens } = world.env;
    const [query] = checkoutQueries();
    const answers = {
      "slack-api": slack.apiUrl,
      "slack-channel": world.channels.incidents.id,
      "ops-channel": world.channels.ops.id,
      "featbit-api": featbit.apiUrl,
      "featbit-streaming": featbit.streamingUrl,
      project: "shop",
      environments: "production=prod",
      service: "checkout",
      owner: "Checkout",
      flags: flagKey,
      prometheus: world.prometheus.url,
      query: `error_ratio=100 * (${query?.query})`,
      port: "0",
    };
    const flags = Object.entries(answers).flatMap(([name, value]) => [`--${name}`, value]);
    expect(await signalman(["init", "--yes", ...flags], tokens)).toMatchObject({ code: 0, stderr: "" });

    const unready = await signalman(["doctor"]);
    expect(unready.code).toBe(2);
    expect(unready.stdout).toContain("The control signalman-mode is not in FeatBit");
    const created = await signalman(["controls", "create", "--owner", "platform-team"], {
      FEATBIT_ADMIN_TOKEN: admin,
    });
    expect(created).toMatchObject({ code: 0, stderr: "" });

    const ready = await signalman(["doctor", "--json"]);
    const Told = z.array(
      z.object({
        check: z.string(),
        findings: z.array(z.object({ severity: z.string(), what: z.string() })),
      }),
    );
    const wrong = Told.parse(JSON.parse(ready.stdout)).flatMap(({ findings }) =>
      findings.filter(({ severity }) => severity !== "note"),
    );
    expect(wrong).toEqual([]);
    expect(ready).toMatchObject({ code: 0, stderr: "" });

    const started = startCli(["start"], { cwd: folder.path });
    let log = "";
    started.child.stdout?.on("data", (data: Buffer) => (log += data.toString()));
    stack.defer(async () => {
      started.child.kill("SIGTERM");
      await started.result;
    });
    const doorUrl = await until("the door", () => /"door":"([^"]+)"/.exec(log)?.[1], {
      timeoutMs: 60_000,
      seen: () => log,
    });
    expect(await play.status()).toContain("`signalman-mode` = `search_only`");

    const raised = await signalman(
      ["controls", "set", "mode", "approval_required", "--environment", "prod"],
      { FEATBIT_ADMIN_TOKEN: admin },
    );
    expect(raised.stdout).toContain("search_only → approval_required for prod");

    const secret = parseEnv(readFileSync(join(folder.path, ".env"), "utf8"))["ALERTMANAGER_SECRET"] ?? "";
    const sender = createAlertSender({
      url: `${doorUrl}/webhooks/alertmanager`,
      secret,
      kind: "alertmanager",
    });
    expect((await sender.fire(world.trouble.alert("checkout"))).httpStatus).toBe(202);
    await play.cardOffering("approve", 30_000);
    expect(await play.approve("ruth")).toContain("Approved");
    await play.cardWith("*Applied*");
    expect(play.flag(flagKey).isEnabled).toBe(false);
    expect(play.mutationsOf(flagKey).map(({ actor }) => actor)).toEqual(["signalman-write"]);

    const running = await signalman(["doctor"]);
    expect(running).toMatchObject({ code: 0, stderr: "" });
    expect(running.stdout).toMatch(/✓ database\n/);
    for (const each of [admin, secret, ...Object.values(tokens)]) {
      expect(ready.stdout + running.stdout + unready.stdout + created.stdout + log).not.toContain(each);
    }
  },
);

it("says what is wrong with everything that is away, and ends", { timeout: 60_000 }, async () => {
  using folder = emptyFolder();
  const away = "http://127.0.0.1:9";
  const flags = {
    "slack-api": away,
    "slack-channel": "C0INCIDENTS",
    "featbit-api": away,
    "featbit-streaming": "ws://127.0.0.1:9",
    project: "shop",
    service: "checkout",
    flags: flagKey,
    prometheus: away,
    model: "some-model",
    "model-url": away,
    query: "up=up",
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const env = {
    SLACK_BOT_TOKEN: "xoxb-away",
    SLACK_APP_TOKEN: "xapp-away",
    FEATBIT_READ_TOKEN: "api-away-read",
    FEATBIT_WRITE_TOKEN: "api-away-write",
    FEATBIT_CONTROLS_SECRET: "qJQQTVfsZUOu1Q54RLMuIQ-JtrIvNK-k-bARYicOTNQA",
    OPENAI_API_KEY: "sk-away",
    DATABASE_URL: "postgresql://signalman:hidden-password@127.0.0.1:9/signalman",
    REDIS_URL: "redis://:hidden-password@127.0.0.1:9",
  };
  expect((await runCli(["init", "--yes", ...args], { cwd: folder.path, env })).code).toBe(0);
  const told = await runCli(["doctor"], { cwd: folder.path, env });
  expect(told.code).toBe(2);
  for (const words of [
    "Slack could not be reached",
    "FeatBit could not be reached",
    "PostgreSQL",
    "Redis at",
    "The model route",
    "Prometheus at",
  ]) {
    expect(told.stdout).toContain(words);
  }
  expect(told.stdout).toContain("✓ documents");
  expect(told.stdout).not.toContain("hidden-password");
});

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../../src/config/load-config.ts";
import { emptyFolder, runCli } from "./run-cli.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const answers = [
  ["slack-channel", "C0INCIDENTS"],
  ["featbit-api", "http://127.0.0.1:5000"],
  ["featbit-streaming", "ws://127.0.0.1:5100"],
  ["project", "shop"],
  ["environments", "production=prod,staging"],
  ["service", "checkout"],
  ["flags", "checkout_one_click, checkout_new"],
].flatMap(([flag = "", value = ""]) => [`--${flag}`, value]);
const secrets = {
  SLACK_BOT_TOKEN: "xoxb-of-the-environment",
  SLACK_APP_TOKEN: "xapp-of-the-environment",
  FEATBIT_READ_TOKEN: "api-read",
  FEATBIT_WRITE_TOKEN: "api-write",
  FEATBIT_CONTROLS_SECRET: "secret#with-a-hash",
};

const textOf = (folder: string, name: string) => readFileSync(join(folder, name), "utf8");
const envOf = (folder: string) => parseEnv(textOf(folder, ".env"));

describe("signalman init", () => {
  it("--yes writes settings that load, and secrets that only the owner reads; it prints no secret", async () => {
    using folder = emptyFolder();
    const more = [
      "--prometheus",
      "http://127.0.0.1:9090",
      "--sources",
      "alertmanager,new_relic",
      "--query",
      'errors=sum(rate(a{b="c"}[5m]))',
    ];
    const done = await runCli(["init", "--yes", ...answers, ...more], { cwd: folder.path, env: secrets });
    expect(done).toMatchObject({ code: 0, stderr: "" });

    expect(statSync(join(folder.path, ".env")).mode & 0o777).toBe(0o600);
    const env = envOf(folder.path);
    expect(env).toMatchObject({ ...secrets, DATABASE_URL: "" });
    expect(env["ALERTMANAGER_SECRET"]).toMatch(/^[0-9a-f]{64}$/);
    expect(env["NEW_RELIC_SECRET"]).not.toBe(env["ALERTMANAGER_SECRET"]);
    const config = loadConfig({ role: "all", env, cwd: folder.path, dotEnv: Object.keys(env) });
    expect(config).toMatchObject({
      sources: [{ id: "alertmanager" }, { id: "new-relic", kind: "new_relic" }],
      services: [
        {
          name: "checkout",
          environments: {
            production: { project: "shop", environment: "prod" },
            staging: { project: "shop", environment: "staging" },
          },
          flags: { keys: ["checkout_one_click", "checkout_new"] },
          queries: [{ id: "errors", promql: 'sum(rate(a{b="c"}[5m]))' }],
        },
      ],
    });
    const schema = /\$schema=(\S+)/.exec(textOf(folder.path, "signalman.yml"))?.[1] ?? "";
    expect(existsSync(join(folder.path, schema))).toBe(true);

    const shown = done.stdout + textOf(folder.path, "signalman.yml");
    for (const secret of [...Object.values(secrets), env["ALERTMANAGER_SECRET"] ?? ""])
      expect(shown).not.toContain(secret);
  });

  it("prints the link that makes the app, the least rights, and the controls", async () => {
    using folder = emptyFolder();
    const { stdout } = await runCli(["init", "--yes", ...answers], { cwd: folder.path });
    const link = new URL(/https:\/\/api\.slack\.com\S+/.exec(stdout)?.[0] ?? "");
    expect(link.searchParams.get("new_app")).toBe("1");
    expect(parse(link.searchParams.get("manifest_yaml") ?? "")).toEqual(parse(textOf(root, "manifest.yml")));

    const statements = z
      .array(z.array(z.looseObject({ resources: z.array(z.string()) })))
      .parse([...stdout.matchAll(/^\[\n[\s\S]*?^\]$/gm)].map(([json]): unknown => JSON.parse(json)));
    const environments = ["project/shop:env/prod", "project/shop:env/staging"];
    expect(statements.map((each) => each.map(({ resources }) => resources))).toEqual([
      [["project/shop"], environments],
      [["project/shop"], environments, environments.map((each) => `${each}:flag/*`)],
    ]);
    expect(stdout).toContain("signalman-mode");
    expect(stdout).toContain(
      "Still empty in .env: SLACK_BOT_TOKEN, FEATBIT_READ_TOKEN, FEATBIT_WRITE_TOKEN, FEATBIT_CONTROLS_SECRET, SLACK_APP_TOKEN",
    );
  });

  it("leaves what is there, unless told or answered otherwise, and keeps its secrets then", async () => {
    using folder = emptyFolder();
    writeFileSync(
      join(folder.path, ".env"),
      "SLACK_BOT_TOKEN=xoxb-kept\nALERTMANAGER_SECRET=kept-0123456789abcdef\nHTTPS_PROXY=http://proxy.example\n",
      { mode: 0o644 },
    );
    const init = (args: string[], input?: string) =>
      runCli(["init", ...args, ...answers], { cwd: folder.path, ...(input === undefined ? {} : { input }) });

    const refused = await init(["--yes"]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Left as it was: .env") as unknown,
    });
    expect((await init([], "no\n")).code).toBe(1);
    expect(existsSync(join(folder.path, "signalman.yml"))).toBe(false);
    expect(textOf(folder.path, ".env")).toMatch(/^SLACK_BOT_TOKEN=xoxb-kept/);

    const forced = await init(["--yes", "--force"]);
    expect(forced.stdout).toMatch(
      /^Written: .*signalman\.yml\nReplaced, the old one is \.env\.replaced: .*\.env/,
    );
    expect(textOf(folder.path, ".env.replaced")).toContain("HTTPS_PROXY=http://proxy.example");
    expect(statSync(join(folder.path, ".env.replaced")).mode & 0o777).toBe(0o600);
    expect(envOf(folder.path)).toMatchObject({
      SLACK_BOT_TOKEN: "xoxb-kept",
      ALERTMANAGER_SECRET: "kept-0123456789abcdef",
    });
    expect(statSync(join(folder.path, ".env")).mode & 0o777).toBe(0o600);
  });

  it("asks for what no flag answers, again where something is needed, and says when the input ends", async () => {
    using folder = emptyFolder();
    const given = answers.filter((_, index) => index < 2);
    const lines = [
      "",
      "",
      "http://127.0.0.1:5000",
      "ws://127.0.0.1:5100",
      "",
      "",
      "shop",
      "prod",
      "checkout",
      "",
      "one_flag",
      ...Array<string>(8).fill(""),
    ];
    const done = await runCli(["init", ...given], { cwd: folder.path, input: `${lines.join("\n")}\n` });
    expect(done.code).toBe(0);
    expect(done.stderr).not.toContain("Slack channel for incidents");
    expect(textOf(folder.path, "signalman.yml")).toContain("owner: platform team");

    using other = emptyFolder();
    const ended = await runCli(["init", ...given], { cwd: other.path, input: "\n" });
    expect(ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("The input ended at a question") as unknown,
    });
    expect(existsSync(join(other.path, ".env"))).toBe(false);
  });

  it("names every answer that is missing, and one that does not fit, and writes nothing", async () => {
    using folder = emptyFolder();
    const missing = await runCli(["init", "--yes"], { cwd: folder.path });
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toContain(
      "--slack-channel, --featbit-api, --featbit-streaming, --project, --service, --flags",
    );
    const unfit = await runCli(["init", "--yes", ...answers, "--slack-channel", "#incidents"], {
      cwd: folder.path,
    });
    expect(unfit).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("a Slack channel id such as") as unknown,
    });
    const kind = await runCli(["init", "--yes", ...answers, "--sources", "alertmanger"], {
      cwd: folder.path,
    });
    expect(kind.stderr).toContain('Did you mean "alertmanager"?');
    expect(existsSync(join(folder.path, "signalman.yml"))).toBe(false);
  });
});

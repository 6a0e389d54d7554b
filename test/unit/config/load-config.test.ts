import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { loadConfig, loadDatabase } from "../../../src/config/load-config.ts";
import { Secret } from "../../../src/config/secret.ts";
import { ConfigError } from "../../../src/domain/config-error.ts";
import { findingsOf, folderWith, goodEnv, goodYml, load } from "./origin.ts";

describe("a good configuration", () => {
  test("loads with its defaults", () => {
    const config = load();
    expect(config.server).toEqual({ host: "127.0.0.1", port: 8484 });
    expect(config.database.kind).toBe("embedded");
    expect(config.queue).toEqual({ kind: "database" });
    expect(config.featbit).toEqual({
      apiUrl: "http://127.0.0.1:5000",
      streamingUrl: "ws://127.0.0.1:5100",
      eventsUrl: "http://127.0.0.1:5100",
      consoleUrl: null,
    });
    expect(config.timing).toEqual({
      lookBackMs: 7_200_000,
      evidenceBudgetMs: 20_000,
      verifyAfterMs: 300_000,
      reopenWithinMs: 1_800_000,
      sweepEveryMs: 2000,
    });
    expect(config.web?.slack.transport.kind).toBe("socket");
    expect(config.web?.sourceSecrets.get("alertmanager")?.reveal()).toBe(goodEnv.ALERTMANAGER_SECRET);
    expect(config.worker?.model).toBeNull();
  });

  test("the shipped example loads with the variables that .env.example names", () => {
    const root = join(import.meta.dirname, "..", "..", "..");
    const yml = readFileSync(join(root, "signalman.example.yml"), "utf8");
    const names = Array.from(
      readFileSync(join(root, ".env.example"), "utf8").matchAll(/^([A-Z_]+)=$/gm),
      ([, name]) => name,
    );
    const env = { TICKET_WATCH_SECRET: "unit-ticket-watch-secret", ...goodEnv };
    expect(names).toEqual(expect.arrayContaining(Object.keys(env)));
    const config = load({ yml, env });
    expect(config.sources.map(({ kind }) => kind)).toEqual(["alertmanager", "generic"]);
    expect(config.services[0]?.internalSegment).toBe("internal-users");
  });

  test("relative folders start at signalman.yml, and documents come along by default", () => {
    const config = load({ yml: `${goodYml}documents: { runbooks: ./ours }\ndatabase: { dataFolder: d }\n` });
    expect(config.documents.runbooks).toBe(join(config.file, "..", "ours"));
    expect(config.database).toEqual({ kind: "embedded", dataFolder: join(config.file, "..", "d") });
    expect(readFileSync(join(config.documents.governance, "roles.yml"), "utf8")).toContain("release-manager");
  });
});

describe("roles", () => {
  test("a worker holds neither Slack tokens nor the write token, though they are set", () => {
    const config = load({ role: "worker" });
    const keys = allKeys(config);
    expect(config.web).toBeUndefined();
    expect(config.executor).toBeUndefined();
    expect(keys).toContain("readToken");
    for (const name of ["slack", "botToken", "appToken", "writeToken", "sourceSecrets"]) {
      expect(keys).not.toContain(name);
    }
    const revealed = allSecrets(config);
    expect(revealed.toSorted()).toEqual(
      [goodEnv.FEATBIT_READ_TOKEN, goodEnv.FEATBIT_CONTROLS_SECRET].toSorted(),
    );
  });

  test("an executor holds write token, bot token and controls secret only", () => {
    const { FEATBIT_WRITE_TOKEN, SLACK_BOT_TOKEN, FEATBIT_CONTROLS_SECRET } = goodEnv;
    expect(allSecrets(load({ role: "executor" })).toSorted()).toEqual(
      [FEATBIT_WRITE_TOKEN, SLACK_BOT_TOKEN, FEATBIT_CONTROLS_SECRET].toSorted(),
    );
  });

  test("a web process holds no write token and no model key", () => {
    const revealed = allSecrets(load({ role: "web", env: { OPENAI_API_KEY: "sk-unit" } }));
    expect(revealed).not.toContain(goodEnv.FEATBIT_WRITE_TOKEN);
    expect(revealed).not.toContain("sk-unit");
    expect(revealed).toHaveLength(5);
  });

  test.each([
    [
      "web",
      [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "FEATBIT_READ_TOKEN",
        "FEATBIT_CONTROLS_SECRET",
        "ALERTMANAGER_SECRET",
      ],
    ],
    ["worker", ["FEATBIT_READ_TOKEN", "FEATBIT_CONTROLS_SECRET"]],
    ["executor", ["SLACK_BOT_TOKEN", "FEATBIT_WRITE_TOKEN", "FEATBIT_CONTROLS_SECRET"]],
  ])("%s names each variable it lacks, one sentence each, and no other", (role, names) => {
    const env = Object.fromEntries(
      Object.keys(goodEnv)
        .filter((name) => !name.endsWith("_URL"))
        .map((name) => [name, undefined]),
    );
    const findings = findingsOf({ role, env });
    expect(findings).toHaveLength(names.length);
    for (const name of names) expect(findings.filter((text) => text.includes(name))).toHaveLength(1);
  });

  test("an unknown role gets a suggestion", () => {
    expect(findingsOf({ role: "exector" })).toEqual([
      '--role: there is no role "exector"; use all, web, worker, executor. Did you mean "executor"?',
    ]);
  });
});

describe("bad variables", () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    [
      "missing token",
      { FEATBIT_READ_TOKEN: undefined },
      "FEATBIT_READ_TOKEN is not set; set it to a FeatBit access token that may read projects, flags, segments and audit logs (or name a file that holds it in FEATBIT_READ_TOKEN_FILE).",
    ],
    ["empty token", { FEATBIT_WRITE_TOKEN: "  " }, "FEATBIT_WRITE_TOKEN is not set; set it to"],
    [
      "missing address",
      { FEATBIT_API_URL: undefined },
      "FEATBIT_API_URL is not set; set it, or featbit.apiUrl in signalman.yml, to the API server such as http://featbit.example:5000.",
    ],
    [
      "malformed address",
      { FEATBIT_API_URL: "featbit:5000" },
      "FEATBIT_API_URL must be an address that begins with https:// or http://.",
    ],
    [
      "password in an address",
      { PROMETHEUS_URL: "http://me:hunter2@prom:9090" },
      "PROMETHEUS_URL must not hold a user name or password; set those in their own variables.",
    ],
    [
      "no way to hear Slack",
      { SLACK_APP_TOKEN: undefined },
      "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set; set the first for Socket Mode (an app-level token, xapp-…) or the second for HTTP.",
    ],
    [
      "wrong kind of Slack token",
      { SLACK_BOT_TOKEN: "xapp-mixed-up" },
      'SLACK_BOT_TOKEN does not begin with xoxb-; copy the "Bot User OAuth Token" under OAuth & Permissions of the Slack app.',
    ],
    [
      "short source secret",
      { ALERTMANAGER_SECRET: "hunter2" },
      'ALERTMANAGER_SECRET has 7 characters; use at least 16, such as the output of "openssl rand -hex 32".',
    ],
    [
      "token with a line break",
      { FEATBIT_READ_TOKEN: "a\nb" },
      "FEATBIT_READ_TOKEN holds a space, line break",
    ],
    [
      "bad database address",
      { DATABASE_URL: "mysql://u:hunter2@h/d" },
      "DATABASE_URL must look like postgresql://",
    ],
    ["bad queue address", { REDIS_URL: "http://u:hunter2@h" }, "REDIS_URL must begin with redis://"],
    [
      "half a login",
      { PROMETHEUS_USER: "u" },
      "PROMETHEUS_USER is set without PROMETHEUS_PASSWORD; set both or neither.",
    ],
    [
      "a key without a model",
      { OPENAI_API_KEY: "sk-unit" },
      "OPENAI_API_KEY is set but no model is named; set OPENAI_MODEL or model.name in signalman.yml",
    ],
    [
      "queries without Prometheus",
      { PROMETHEUS_URL: undefined },
      "PROMETHEUS_URL is not set, but signalman.yml:6:5 has queries;",
    ],
    [
      "secret file that is not there",
      { FEATBIT_READ_TOKEN: undefined, FEATBIT_READ_TOKEN_FILE: "nowhere" },
      "FEATBIT_READ_TOKEN_FILE names ",
    ],
    [
      "both ways at once",
      { FEATBIT_READ_TOKEN_FILE: "x" },
      "FEATBIT_READ_TOKEN and FEATBIT_READ_TOKEN_FILE are both set; unset one of them.",
    ],
  ])("%s gives one clear sentence", (_, env, sentence) => {
    const findings = findingsOf({ env });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(sentence);
    expect(findings.join()).not.toContain("hunter2");
  });

  test("all that is wrong is said at once", () => {
    const findings = findingsOf({
      env: { FEATBIT_API_URL: undefined, SLACK_BOT_TOKEN: undefined, REDIS_URL: "x" },
      yml: `${goodYml}    runbooks: []\n  - name: checkout\n    owner: o\n    environments: { p: { project: a, environment: b } }\n    sources: [{ id: alertmanagr }]\n`,
    });
    expect(findings).toHaveLength(5);
  });

  test("a secret may come from a file, with or without a line break at its end", () => {
    const config = load({
      env: { FEATBIT_READ_TOKEN: undefined, FEATBIT_READ_TOKEN_FILE: "token" },
      files: { token: "api-from-file\n" },
    });
    expect(config.web?.readToken.reveal()).toBe("api-from-file");
  });
});

test("a secret never prints", () => {
  const secret = new Secret("hunter2");
  const shown = [
    secret.toString(),
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { depth: 9, showHidden: true }),
  ];
  for (const text of shown) {
    expect(text).toContain("[secret]");
    expect(text).not.toContain("hunter2");
  }
  expect(inspect(load(), { depth: 20, showHidden: true })).not.toContain(goodEnv.FEATBIT_WRITE_TOKEN);
  expect(secret.reveal()).toBe("hunter2");
});

describe("reading the ledger needs the database alone", () => {
  test("no token is asked for", () => {
    const cwd = folderWith({ "signalman.yml": goodYml });
    expect(loadDatabase({ env: {}, cwd })).toEqual({ kind: "embedded", dataFolder: join(cwd, "data") });
  });

  test("without file and DATABASE_URL it says what to do", () => {
    const cwd = folderWith({});
    expect(() => loadDatabase({ env: {}, cwd })).toThrow(ConfigError);
    expect(() => loadDatabase({ env: {}, cwd })).toThrow(
      /DATABASE_URL is not set and there is no .*signalman\.yml/,
    );
    expect(loadDatabase({ env: { DATABASE_URL: "postgres://u@h/d" }, cwd }).kind).toBe("server");
  });
});

test("SIGNALMAN_CONFIG names another file, which findings then name", () => {
  const cwd = folderWith({ "other.yml": "nope: 1\n" });
  const run = () => loadConfig({ role: "worker", cwd, env: { ...goodEnv, SIGNALMAN_CONFIG: "other.yml" } });
  expect(run).toThrow(/^other\.yml:1:1: unknown key "nope"/);
});

function allKeys(value: unknown): string[] {
  if (typeof value !== "object" || value === null || value instanceof Secret) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...allKeys(inner)]);
}

function allSecrets(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()];
  if (value instanceof Map) return [...value.values()].flatMap(allSecrets);
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(allSecrets);
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { z } from "zod";
import { configurationPage } from "../../../src/commands/config/configuration-page.ts";
import { explainConfig } from "../../../src/config/explain-config.ts";
import { knownVariables, unknownVariables } from "../../../src/config/known-variables.ts";
import { loadConfig } from "../../../src/config/load-config.ts";
import { settingsSchema } from "../../../src/config/settings-schema.ts";
import { readVariables } from "../../../src/config/variables.ts";
import { ConfigError } from "../../../src/domain/config-error.ts";
import { folderWith } from "./origin.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

describe("signalman.schema.json", () => {
  it('is what "signalman config schema" prints', () => {
    expect(JSON.parse(read("signalman.schema.json"))).toEqual(settingsSchema());
  });

  const schema = z.fromJSONSchema(settingsSchema());

  it("takes the example, which names it for editors", () => {
    const example = read("signalman.example.yml");
    expect(example).toMatch(/^# yaml-language-server: \$schema=\.\/signalman\.schema\.json\n/);
    expect(schema.safeParse(parse(example)).error).toBeUndefined();
  });

  it.each([
    "server: { prt: 1 }",
    "server: { port: 70000 }",
    "sources: [{ id: a, kind: nagios }]",
    "timing: { lookBack: 2 }",
  ])("refuses %s", (text) => {
    expect(schema.safeParse(parse(text)).success).toBe(false);
  });

  it("says of every key what it is", () => {
    const silent: string[] = [];
    const look = (node: unknown, path: string): void => {
      if (typeof node !== "object" || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (key === "properties") {
          for (const [name, member] of Object.entries(z.record(z.string(), z.looseObject({})).parse(value))) {
            if (member["description"] === undefined) silent.push(`${path}.${name}`);
          }
        }
        look(value, key === "properties" ? path : `${path}.${key}`);
      }
    };
    look(settingsSchema("inline"), "");
    expect(silent).toEqual([]);
  });
});

describe("docs/configuration.md", () => {
  it('is what "signalman config docs" prints', () => {
    expect(read("docs/configuration.md")).toBe(configurationPage());
  });
});

describe("variables", () => {
  const texts = readdirSync(join(root, "src/config"))
    .filter((name) => name !== "known-variables.ts")
    .map((name) => read(`src/config/${name}`));

  it("are all known by name: whoever reads a new one adds it to known-variables.ts", () => {
    const found = texts.flatMap((text) =>
      [
        ...text.matchAll(
          /(?:secret|optionalSecret|text|need)\(\s*"([A-Z][A-Z0-9_]+)"|addressFrom\(variables, "([A-Z0-9_]+)"/g,
        ),
      ].map(([, one, other]) => one ?? other ?? ""),
    );
    expect(found).toContain("SLACK_BOT_TOKEN");
    expect(found).toContain("OPENAI_BASE_URL");
    const known = knownVariables.map(({ name }) => name);
    expect([...new Set(found)].filter((name) => !known.includes(name))).toEqual([]);
    expect(known.filter((name) => !texts.some((text) => text.includes(`"${name}"`)))).toEqual([
      "POSTGRES_PASSWORD",
      "FEATBIT_DB_PASSWORD",
      "FEATBIT_JWT_KEY",
    ]);
  });

  it("stand in .env.example, beside those that signalman.example.yml names", () => {
    const explained = [...read(".env.example").matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name = ""]) => name);
    const named = ["ALERTMANAGER_SECRET", "TICKET_WATCH_SECRET", "TRIAL_MODEL_KEY"];
    expect(explained.toSorted()).toEqual([...knownVariables.map(({ name }) => name), ...named].toSorted());
  });

  it.each(knownVariables.filter(({ secret }) => secret).map(({ name }) => name))(
    "%s may lie in a file",
    (name) => {
      const cwd = folderWith({ secret: "from-the-file\n" });
      const fromFile = readVariables({ [`${name}_FILE`]: "secret" }, cwd).optionalSecret(name);
      expect(fromFile?.reveal()).toBe("from-the-file");
    },
  );

  it("that no secret is read from as plain text", () => {
    for (const { name, secret } of knownVariables) {
      if (secret) expect(texts.join("\n")).not.toContain(`variables.text("${name}")`);
    }
  });

  it("that nothing reads are named, with the nearest; those of other programs are left alone", () => {
    const said = unknownVariables(
      [
        "SLACK_BOT_TOKN",
        "PAGER_SECRET",
        "PAGER_SECRET_FILE",
        "OPENAI_API_KEY_FILE",
        "OTEL_SERVICE_NAME",
        "FEATBIT_ADMIN_TOKEN",
      ],
      ["PAGER_SECRET"],
    );
    expect(said).toEqual([
      '.env: SLACK_BOT_TOKN is read by nothing; correct the name or remove it. Did you mean "SLACK_BOT_TOKEN"?',
      expect.stringContaining("FEATBIT_ADMIN_TOKEN must not be kept"),
    ]);
  });

  it("of .env that nothing reads end the start", () => {
    const cwd = folderWith({ "signalman.yml": "" });
    const load = () => loadConfig({ role: "all", env: { OPENAI_MODLE: "x" }, cwd, dotEnv: ["OPENAI_MODLE"] });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow('Did you mean "OPENAI_MODEL"?');
  });
});

describe("signalman config print", () => {
  const settings =
    "server:\n  port: 9000\nsources:\n  - { id: pager, kind: pagerduty, secretEnv: PAGER_SECRET }\n";

  it("says of every value where it came from, and shows no secret", () => {
    const cwd = folderWith({ "signalman.yml": settings, token: "xoxb-hidden" });
    const env = {
      SLACK_BOT_TOKEN_FILE: "token",
      FEATBIT_API_URL: "http://featbit:5000",
      PAGER_SECRET: "pager-hidden-0123456789",
      OPENAI_MODEL: "environment-wins",
    };
    const values = explainConfig({
      env,
      cwd,
      dotEnv: ["PAGER_SECRET", "OPENAI_MODEL"],
      fromEnvironment: ["OPENAI_MODEL", "FEATBIT_API_URL", "SLACK_BOT_TOKEN_FILE"],
    });
    const of = (key: string) => values.find((each) => each.key === key);
    expect(of("server.port")).toEqual({ key: "server.port", value: 9000, from: "signalman.yml:2:9" });
    expect(of("server.host")).toEqual({ key: "server.host", value: "127.0.0.1", from: "default" });
    expect(of("featbit.apiUrl")).toMatchObject({
      value: "http://featbit:5000",
      from: "FEATBIT_API_URL (environment)",
    });
    expect(of("SLACK_BOT_TOKEN")).toMatchObject({
      value: "[secret]",
      from: expect.stringContaining(": token") as unknown,
    });
    expect(of("PAGER_SECRET")).toEqual({
      key: "PAGER_SECRET",
      value: "[secret]",
      from: "PAGER_SECRET (.env)",
    });
    expect(of("OPENAI_MODEL")).toMatchObject({
      value: "environment-wins",
      from: "OPENAI_MODEL (environment)",
    });
    expect(of("REDIS_URL")).toEqual({ key: "REDIS_URL", value: null, from: "not set" });
    expect(of("sources[0].kind")).toMatchObject({ value: "pagerduty" });
    expect(JSON.stringify(values)).not.toContain("hidden");
  });

  it("knows every key that the file may have", () => {
    const keys = new Set(
      explainConfig({ env: {}, cwd: root, file: "signalman.example.yml" }).map(
        ({ key }) => key.split(/[.[]/)[0],
      ),
    );
    const file: unknown = parseDocument(read("signalman.example.yml")).toJS();
    for (const key of Object.keys(z.looseObject({}).parse(file))) expect(keys).toContain(key);
  });
});

import { createServer } from "node:http";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWorld, type World } from "../../src/sandbox/world/create-world.ts";
import { runSignalman, workFolder, writeSettings } from "../support/signalman.ts";

/** Nothing listens there. */
const nobody = "127.0.0.1:9";

describe("signalman start with something wrong", () => {
  const folder = workFolder();
  const taken = createServer();
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ dataFolder: folder.dataFolder, quiet: true });
    await once(taken.listen(0, "127.0.0.1"), "listening");
  });
  afterAll(async () => {
    taken.close();
    await world[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  interface Case {
    title: string;
    args?: string[];
    /** Variables to set, or with undefined to take away. */
    env?: Record<string, string | undefined>;
    settings?: () => Record<string, unknown>;
    yaml?: string;
    says: RegExp;
    code: number;
  }

  const featbit = (more: Record<string, string>) => () => ({
    featbit: {
      apiUrl: world.featbit.apiUrl,
      streamingUrl: world.featbit.streamingUrl,
      eventsUrl: world.featbit.evaluationUrl,
      ...more,
    },
  });

  const cases: Case[] = [
    {
      title: "a variable is missing",
      env: { FEATBIT_WRITE_TOKEN: undefined },
      says: /^FEATBIT_WRITE_TOKEN is not set; set it to /,
      code: 2,
    },
    {
      title: "a source has no secret",
      env: { GENERIC_SECRET: undefined },
      says: /^GENERIC_SECRET is not set; the source "generic" \(signalman\.yml:\d+:\d+\) names it/,
      code: 2,
    },
    {
      title: "the YAML is malformed",
      yaml: "server:\n  port: [8484\nslack: {}\n",
      says: /^signalman\.yml:\d+:\d+: /,
      code: 2,
    },
    {
      title: "a setting is misspelt",
      yaml: "sever:\n  port: 8484\n",
      says: /^signalman\.yml:1:1: .*sever.*server/s,
      code: 2,
    },
    { title: "the role is unknown", args: ["--role", "wroker"], says: /wroker.*worker/s, code: 2 },
    {
      title: "FeatBit refuses the read token",
      env: { FEATBIT_READ_TOKEN: "api-not-a-token-of-this-featbit-0000000000" },
      says: /FEATBIT_READ_TOKEN/,
      code: 1,
    },
    {
      title: "FeatBit refuses the write token",
      env: { FEATBIT_WRITE_TOKEN: "api-not-a-token-of-this-featbit-0000000000" },
      says: /FEATBIT_WRITE_TOKEN/,
      code: 1,
    },
    {
      title: "FeatBit knows no such environment",
      settings: () => ({
        services: [
          {
            name: "checkout",
            owner: "Checkout",
            environments: { production: { project: "shop", environment: "prd" } },
            sources: [{ id: "generic" }],
          },
        ],
      }),
      says: /"checkout".*"prd".*it shows: prod/,
      code: 2,
    },
    {
      title: "FeatBit refuses the SDK secret",
      env: { FEATBIT_CONTROLS_SECRET: "qJQQTVfsZUOu1Q54RLMuIQ-JtrIvNK-k-bARYicOTNQA" },
      says: /FEATBIT_CONTROLS_SECRET/,
      code: 1,
    },
    {
      title: "Slack refuses the bot token",
      env: { SLACK_BOT_TOKEN: "xoxb-not-a-token" },
      says: /SLACK_BOT_TOKEN/,
      code: 1,
    },
    {
      title: "Slack refuses the app token",
      env: { SLACK_APP_TOKEN: "xapp-not-a-token" },
      says: /SLACK_APP_TOKEN/,
      code: 1,
    },
    {
      title: "the port is taken",
      settings: () => {
        const address = taken.address();
        const port = typeof address === "object" && address !== null ? address.port : 0;
        return { server: { host: "127.0.0.1", port } };
      },
      says: /something else listens there.*server\.port in signalman\.yml/,
      code: 2,
    },
    {
      title: "the database cannot be reached",
      env: { DATABASE_URL: `postgresql://signalman:hidden-word@${nobody}/signalman` },
      says: /PostgreSQL.*DATABASE_URL/,
      code: 1,
    },
    {
      title: "the evaluation server is away and the read token is refused",
      settings: featbit({ streamingUrl: `ws://${nobody}` }),
      env: { FEATBIT_READ_TOKEN: "api-not-a-token-of-this-featbit-0000000000" },
      says: /FEATBIT_READ_TOKEN/,
      code: 1,
    },
  ];

  it.each(cases)(
    "ends and says so when $title",
    async ({ args = [], env = {}, settings, yaml, says, code }) => {
      writeSettings(folder.path, { ...world.settings, ...settings?.() });
      if (yaml !== undefined) writeFileSync(join(folder.path, "signalman.yml"), yaml);
      const given = Object.entries({ ...world.env, ...env }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      );
      const ended = await runSignalman(["start", ...args], folder.path, Object.fromEntries(given));
      // Log lines are JSON; the sentence for the person who started it is the rest.
      const told = ended.output
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("{"))
        .join("\n");
      expect(told).toMatch(says);
      expect(ended.output).not.toMatch(/^\s+at .*\(?(file|node):/m);
      expect(ended.output).not.toContain("defect of Signalman");
      expect(ended.output).not.toMatch(/hidden-word|not-a-token/);
      if (yaml === undefined && args.length === 0) expect(told.split("\n")).toHaveLength(1);
      expect(ended.code).toBe(code);
    },
  );
});

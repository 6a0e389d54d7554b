import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** Where credentials stand on purpose, each of them made up. Anything found elsewhere fails. */
const madeUp: Readonly<Record<string, string>> = {
  "src/sandbox/slack/world.ts": "tokens of the stand-in",
  "test/e2e/bad-configuration.test.ts": "wrong settings",
  "test/e2e/install.test.ts": "settings of what cannot be reached",
  "test/seeded/seeds/slack.ts": "tokens of the stand-in",
  "test/e2e/command-line/init.test.ts": "settings that are typed in",
  "test/unit/config/load-config.test.ts": "settings",
  "test/unit/config/origin.ts": "settings",
  "test/unit/drafting/gather-evidence.test.ts": "text that has to be redacted",
  "test/unit/drafting/redact.test.ts": "text that has to be redacted",
  "test/unit/http/kinds.test.ts": "an alert that has to be redacted",
};

const config = { rules: [{ id: "@secretlint/secretlint-rule-preset-recommend", rule: creator }] };

async function found(name: string, content: string): Promise<string[]> {
  const { messages } = await lintSource({
    source: { filePath: join(root, name), content, ext: "", contentType: "text" },
    options: { config, maskSecrets: true, noPhysicFilePath: true },
  });
  return messages.map(({ ruleId, loc }) => `${name}:${loc.start.line} ${ruleId}`);
}

/** What is in the repository, and what would come into it with the next commit. */
function files(): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  return listed.split("\n").filter((name) => name !== "" && existsSync(join(root, name)));
}

it("holds no credential in any file but those that were made up for tests", async () => {
  const names = files();
  expect(names.length).toBeGreaterThan(800);
  const hits: string[] = [];
  for (const name of names) {
    const content = readFileSync(join(root, name));
    if (content.includes(0)) continue;
    const inFile = await found(name, content.toString("utf8"));
    if (madeUp[name] === undefined) hits.push(...inFile);
    else expect({ name, stale: inFile.length === 0 }).toEqual({ name, stale: false });
  }
  expect(hits).toEqual([]);
}, 60_000);

it("would see a key, a token and a password in an address", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const planted = [
    privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    `token = "${["xoxb", "123456789012", "123456789012", "a1B2c3D4e5F6g7H8i9J0k1L2"].join("-")}"`,
    `url: ${["postgres", "://admin:hunter2secret@", "db.internal:5432/prod"].join("")}`,
  ];
  for (const text of planted) expect(await found("planted.txt", text)).not.toEqual([]);
});

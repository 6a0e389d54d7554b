import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { importsOf, longestFile, violations } from "./support/architecture-rules.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const lookTwice = 300;

/** Every file of the given folders by its path from the root. */
function readTree(...folders: string[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(relative(root, path).replaceAll("\\", "/"), readFileSync(path, "utf8"));
    }
  }
  return files;
}

describe("the code", () => {
  const files = readTree("src", "bin");

  it("keeps the rules of docs/architecture.md", () => {
    expect(violations(files)).toEqual([]);
  });

  it("is really read: files and imports are found in every folder", () => {
    const folders = new Set([...files.keys()].map((path) => path.split("/").slice(0, 2).join("/")));
    for (const folder of ["domain", "documents", "config", "pipeline", "adapters", "sandbox", "commands"]) {
      expect(folders).toContain(`src/${folder}`);
      const own = [...files].filter(([path]) => path.startsWith(`src/${folder}/`));
      expect(own.flatMap(([, text]) => importsOf(text)).length, folder).toBeGreaterThan(5);
    }
  });

  it(`has no file above ${longestFile} lines; those above ${lookTwice} are named`, () => {
    const long = [...files]
      .map(([path, text]) => ({ path, lines: text.split("\n").length }))
      .filter(({ path, lines }) => /\.[jt]s$/.test(path) && lines > lookTwice);
    for (const { path, lines } of long) process.stdout.write(`look twice: ${path} has ${lines} lines\n`);
    expect(long.filter(({ lines }) => lines > longestFile)).toEqual([]);
  });
});

describe("the rules find what they are for", () => {
  const bad: [string, Record<string, string>, string][] = [
    [
      "domain using a library",
      { "src/domain/a.ts": 'import { z } from "pg";' },
      "domain may not use the package pg",
    ],
    [
      "domain doing I/O",
      { "src/domain/a.ts": 'import { readFileSync } from "node:fs";' },
      "domain may not use node:fs",
    ],
    [
      "domain using the pipeline",
      { "src/domain/a/b.ts": 'import type { B } from "../../pipeline/b.ts";' },
      "domain may not import pipeline",
    ],
    [
      "the pipeline using an adapter",
      { "src/pipeline/a.ts": 'import { b } from "../adapters/slack/b.ts";' },
      "pipeline may not import adapters/slack",
    ],
    [
      "the pipeline using Node",
      { "src/pipeline/a.ts": 'import { hash } from "node:crypto";' },
      "pipeline may not use node:crypto",
    ],
    [
      "settings using more of documents than their ADR says",
      { "src/config/a.ts": 'import { x } from "../documents/load-prompts.ts";' },
      "config may not import documents",
    ],
    [
      "the pipeline reading settings",
      { "src/pipeline/a.ts": 'import type { C } from "../config/c.ts";' },
      "pipeline may not import config",
    ],
    [
      "one adapter using another",
      { "src/adapters/slack/a.ts": 'import { b } from "../featbit/b.ts";' },
      "adapters/slack may not import adapters/featbit",
    ],
    [
      "an adapter using another's library",
      { "src/adapters/slack/a.ts": 'import { Pool } from "pg";' },
      "adapters/slack may not use the package pg",
    ],
    [
      "a package that only begins alike",
      { "src/adapters/postgres/a.ts": 'import x from "pg-promise";' },
      "may not use the package pg-promise",
    ],
    [
      "an adapter using a stage",
      { "src/adapters/slack/a.ts": 'import type { x } from "../../pipeline/execute.ts";' },
      "only its ports",
    ],
    [
      "an adapter using a port's value",
      { "src/adapters/slack/a.ts": 'import { x } from "../../pipeline/ports/x.ts";' },
      "only types of",
    ],
    [
      "a value among types of a port",
      { "src/adapters/slack/a.ts": 'import {\n  type A,\n  b,\n} from "../../pipeline/ports/x.ts";' },
      "only types of",
    ],
    [
      "the sandbox sharing the domain",
      { "src/sandbox/a/b.ts": 'export { x } from "../../domain/x.ts";' },
      "sandbox may not import domain",
    ],
    [
      "code using tests",
      { "src/app.ts": 'import { x } from "../test/support/x.ts";' },
      "which is outside src",
    ],
    [
      "a late import",
      { "src/domain/a.ts": 'const x = await import("ioredis");' },
      "may not use the package ioredis",
    ],
    ["an import for its effect", { "src/domain/a.ts": 'import "pino";' }, "may not use the package pino"],
    ["a computed import", { "src/domain/a.ts": "await import(name);" }, "cannot be checked"],
    ["a new folder", { "src/utils/a.ts": 'import { x } from "./x.ts";' }, "not a folder of the architecture"],
    ["an import without ending", { "src/domain/a.ts": 'import { x } from "./x";' }, "with its ending"],
    ["a barrel", { "src/domain/index.ts": "" }, "barrels"],
    ["a name in capitals", { "src/domain/AlertStore.ts": "" }, "kebab-case"],
    ["a default export", { "src/domain/a.ts": "export default function x() {}" }, "named exports only"],
    ["a renamed default export", { "src/domain/a.ts": "export { x as default };" }, "named exports only"],
    [
      "reading variables",
      { "src/adapters/slack/a.ts": 'const x = process.env["X"];' },
      "only src/config reads",
    ],
    ["writing to the console", { "src/pipeline/a.ts": "console.log(1);" }, "console"],
    ["a long file", { "src/domain/a.ts": "\n".repeat(longestFile) }, "401 lines"],
    [
      "a circle of files",
      { "src/domain/a.ts": 'import { b } from "./b.ts";', "src/domain/b.ts": 'import { a } from "./a.ts";' },
      "src/domain/a.ts → src/domain/b.ts → src/domain/a.ts",
    ],
    [
      "another command that writes to FeatBit",
      { "src/commands/a.ts": 'import { createControlsAdmin } from "../adapters/featbit/controls-admin.ts";' },
      "only src/commands/controls.ts may use it",
    ],
    [
      "another role that writes to FeatBit",
      {
        "src/app/web-role.ts": 'import { createFeatBitWriter } from "../adapters/featbit/featbit-writer.ts";',
      },
      "only src/app/executor-role.ts may use it",
    ],
    [
      "another stage that applies a plan",
      { "src/pipeline/verify.ts": "await deps.writer.apply(request);" },
      "only src/pipeline/execute.ts may write to FeatBit",
    ],
    [
      "a reader that writes",
      { "src/adapters/featbit/read-flag.ts": "await client.put(path, body, schema, needs);" },
      "may write to FeatBit",
    ],
    [
      "a circle of folders",
      {
        "src/commands/a.ts": 'import { b } from "../app.ts";',
        "src/app.ts": 'import type { a } from "./commands/a.ts";',
      },
      "src/commands → src/app → src/commands",
    ],
  ];

  it.each(bad)("%s", (_, files, expected) => {
    expect(violations(new Map(Object.entries(files))).join("\n")).toContain(expected);
  });

  it("and leave alone what is allowed", () => {
    const good = {
      "src/domain/a.ts":
        '// import { x } from "pg";\nimport { z } from "zod";\nimport type { b } from "./b.ts";',
      "src/domain/b.ts": 'import { a } from "./a.ts";',
      "src/pipeline/a.ts": 'import { a } from "../domain/a.ts";',
      "src/adapters/slack/a.ts":
        'import { App } from "@slack/bolt";\nimport { type P, type Q } from "../../pipeline/ports/p.ts";\nimport { x } from "./x.ts";',
      "src/app.ts": 'import { a } from "./adapters/slack/a.ts";',
      "src/commands/a.ts": 'console.log("x");\nimport { app } from "../app.ts";',
      "src/config/a.ts": "process.env",
    };
    expect(violations(new Map(Object.entries(good)))).toEqual([]);
  });
});

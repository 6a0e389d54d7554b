import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "..", "..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");
const pages = [
  "README.md",
  "AGENTS.md",
  "SECURITY.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/**
 * Every command that the documents tell people to type, by how it begins. `by` runs it (the words of `says` stand in that
 * file); where nothing runs it, `because` says why. A new command fails until it stands here.
 */
const known: Readonly<Record<string, { by: string; says: string } | { because: string }>> = {
  "npm ci": { by: ".ci/run", says: "npm ci --ignore-scripts" },
  "npm test": { because: "it is what runs this" },
  "npm start": { by: "test/support/signalman.ts", says: '["start", ' },
  "npm run demo": { by: "test/e2e/demo/demo-process.ts", says: '[launcher, "demo", ...args]' },
  "npm run check": { because: ".ci/run runs its parts one by one, and this among them" },
  "npm run check:types": { by: ".ci/run", says: "check:types" },
  "npm run eval": { by: "test/e2e/docs-commands.test.ts", says: '"eval", "--", "--only"' },
  "npm run bench": { by: "test/e2e/docs-commands.test.ts", says: '"bench", "--", "--help"' },
  "npm run faults": { by: ".ci/run", says: "run_faults --quick" },
  "npm run seeded": { by: "test/e2e/seeded.test.ts", says: "seeded/" },
  "npm run format": { because: "it rewrites files; check:format looks whether there is anything to rewrite" },
  "npm pack": { because: "it needs the registry; the upgrade's test has npm fetch the same package" },
  "vitest run": { because: "it is what runs this" },
  ".ci/run": { because: "it is what runs this" },
  export: { because: "it changes the shell of whoever types it" },
  "signalman init": { by: "test/e2e/install.test.ts", says: '"init"' },
  "signalman doctor": { by: "test/e2e/install.test.ts", says: '"doctor"' },
  "signalman audit verify": { by: "test/e2e/command-line/audit.test.ts", says: '"audit", "verify"' },
  "signalman audit export": {
    by: "test/e2e/command-line/audit-proofs.test.ts",
    says: '"export", "--format", "jsonl"',
  },
  "signalman backup": { by: "test/e2e/command-line/backup.test.ts", says: '"backup", file' },
  "signalman restore": { by: "test/e2e/command-line/backup.test.ts", says: '"restore", file' },
  "signalman upgrade": { by: "test/e2e/command-line/upgrade.test.ts", says: '"upgrade", "--from", from' },
  pg_dump: { by: "test/e2e/command-line/backup.test.ts", says: '"pg_dump")' },
  pg_restore: { by: "test/e2e/command-line/backup.test.ts", says: '"pg_restore")' },
  "signalman start": { by: "test/support/signalman.ts", says: '["start", ' },
  "signalman controls set": { by: "test/e2e/command-line/controls.test.ts", says: '"set"' },
  "git clone": { because: "where the repository lies is for whoever installs it to know" },
  cd: { because: "it changes the folder of whoever types it" },
  "docker compose": {
    because: "it needs a container engine; test/unit/deployment-files.test.ts checks the files",
  },
  tar: { because: "it unpacks what npm pack fetched" },
  curl: {
    because:
      "it needs a Signalman that is reached from outside; the same requests are sent in test/e2e/intake",
  },
  "openssl rand": { because: "a credential of one's own; any text will do" },
  "openssl genpkey": { because: "it makes a key to keep; tests make theirs by node:crypto in the same form" },
  chmod: { because: "it sets the mode of the key that openssl made" },
};

interface Typed {
  page: string;
  /** Without assignments before it and without what is said behind it. */
  command: string;
}

const typed: Typed[] = pages.flatMap((page) =>
  [...read(page).matchAll(/^```(?:sh|bash|shell|console)\n([^]*?)^```/gm)].flatMap(([, block = ""]) =>
    block
      .replaceAll(/\\\n\s*/g, " ")
      .split("\n")
      .map((line) => line.replace(/\s+# .*$/, "").trim())
      .flatMap((line) => line.split(" && "))
      .flatMap((line) => line.match(/\$\((.+)\)/)?.[1] ?? line)
      .map((line) => line.replace(/^(?:[A-Z_]+=\S+\s*)+/, "").replace("node bin/signalman.js", "signalman"))
      .filter((command) => command !== "" && !command.startsWith("#"))
      .map((command) => ({ page, command })),
  ),
);

function entryOf(command: string): string | undefined {
  return Object.keys(known)
    .filter((begin) => command === begin || command.startsWith(`${begin} `))
    .toSorted((a, b) => b.length - a.length)[0];
}

it("knows of every command in the documents which test runs it, or why none does", () => {
  expect(typed.length).toBeGreaterThan(40);
  expect(typed.filter(({ command }) => entryOf(command) === undefined)).toEqual([]);
  const used = new Set(typed.map(({ command }) => entryOf(command)));
  expect(Object.keys(known).filter((begin) => !used.has(begin))).toEqual([]);
  for (const [begin, entry] of Object.entries(known)) {
    if ("because" in entry) continue;
    expect({ begin, runs: read(entry.by).includes(entry.says) }).toEqual({ begin, runs: true });
  }
});

it("names only words, options, scripts and files that there are", async () => {
  const Usage = z.object({ usage: z.string() });
  const scripts = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read("package.json")));
  for (const { page, command } of typed) {
    const words = command.split(/\s+/);
    const named = { page, command };
    if (words[0] === "signalman") {
      const file = join(root, "src", "commands", `${words[1]}.ts`);
      expect({ ...named, known: existsSync(file) }).toEqual({ ...named, known: true });
      const { usage } = Usage.parse(await import(pathToFileURL(file).href));
      const options = words.filter((word) => word.startsWith("--"));
      expect({ ...named, missing: options.filter((option) => !usage.includes(option)) }).toEqual({
        ...named,
        missing: [],
      });
    } else if (words[0] === "npm" && words[1] === "run") {
      expect({ ...named, known: scripts.scripts[words[2] ?? ""] !== undefined }).toEqual({
        ...named,
        known: true,
      });
    } else if (words[0] === "vitest") {
      expect({ ...named, known: existsSync(join(root, words[2] ?? "")) }).toEqual({ ...named, known: true });
    }
  }
});

const npm = (...args: string[]) => promisify(execFile)("npm", ["run", "--silent", ...args], { cwd: root });

it("runs the evals and the benches as the documents say", async () => {
  const { stdout } = await npm("eval", "--", "--only", "hostile", "--json");
  expect(JSON.parse(stdout)).toBeTypeOf("object");
  expect((await npm("bench", "--", "--help")).stderr).toContain("intake");
}, 60_000);

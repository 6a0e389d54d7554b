import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { opsWords } from "../../src/adapters/slack/commands/ops.ts";
import { loadRunbooks } from "../../src/documents/load-runbooks.ts";
import { RunbookHead } from "../../src/domain/runbook.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");
const pages = [
  "README.md",
  "AGENTS.md",
  "CHANGELOG.md",
  "SECURITY.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

describe("the documents", () => {
  it.each(pages)("%s links only to what is there", (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) =>
      link.replace(/#.*$/, ""),
    );
    const missing = links.filter(
      (link) => !/^(https?:|$)/.test(link) && !existsSync(join(root, dirname(page), link)),
    );
    expect(missing).toEqual([]);
  });

  it.each(["AGENTS.md", "docs/architecture.md", "docs/adr/0004-one-outbox-table.md"])(
    "%s names only files that are there",
    (page) => {
      const named = [...read(page).matchAll(/`((?:src|test|bin|docs)\/[\w./-]+)`/g)].map(
        ([, path = ""]) => path,
      );
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    },
  );

  it("docs/glossary.md says of every word where it is at home, in order", () => {
    const rows = [...read("docs/glossary.md").matchAll(/^\| ([a-z][^|]*?) +\| [^|]+ \| (.+?) +\|$/gm)];
    expect(rows.length).toBeGreaterThan(30);
    const words = rows.map(([, word = ""]) => word);
    expect(words.slice(1)).toEqual(words.slice(1).toSorted());
    const places = rows
      .slice(1)
      .flatMap(([, , cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path));
    expect(places.length).toBeGreaterThan(30);
    expect(
      places.filter((path) => !existsSync(join(root, "src", path)) && !existsSync(join(root, path))),
    ).toEqual([]);
  });

  it("docs/dependencies.md has a line for every package, and for none that is gone", () => {
    const Packages = z.record(z.string(), z.string()).default({});
    const manifest = z
      .object({ dependencies: Packages, optionalDependencies: Packages, devDependencies: Packages })
      .parse(JSON.parse(read("package.json")));
    const packages = Object.values(manifest).flatMap((group) => Object.keys(group));
    const [taken = ""] = read("docs/dependencies.md").split("## Not taken");
    const listed = [...taken.matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
    );
    expect(listed.toSorted()).toEqual(packages.toSorted());
    for (const version of Object.values(manifest).flatMap((group) => Object.values(group))) {
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });

  it("docs/operations.md has a row for every word of /ops, and for none that is gone", () => {
    const [, part = ""] = /## What can be typed\n(.*?)\n## /s.exec(read("docs/operations.md")) ?? [];
    const rows = [...part.matchAll(/^\| `\/ops ([a-z]+)` /gm)].map(([, word]) => word);
    expect(rows).toEqual([...opsWords.map(({ word }) => word), "help"]);
  });

  it("docs/runbooks.md shows a runbook that is read, and says what each of its fields means", () => {
    const page = read("docs/runbooks.md");
    const [, example = ""] = /```markdown\n(.*?)```/s.exec(page) ?? [];
    const folder = mkdtempSync(join(tmpdir(), "signalman-runbook-"));
    try {
      writeFileSync(join(folder, "cart-errors.md"), example);
      expect(loadRunbooks(folder)).toMatchObject([{ id: "cart-errors", maxRolloutPercent: 10 }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const fields = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, field]) => field);
    expect(fields).toEqual(Object.keys(RunbookHead.shape));
  });

  it("README.md leads to every page", () => {
    const readme = read("README.md");
    const lost = pages.filter((page) => /^docs\/[^/]+$/.test(page) && !readme.includes(`(${page})`));
    expect(lost).toEqual([]);
  });

  it("docs/adr/README.md lists every decision", () => {
    const records = readdirSync(join(root, "docs/adr")).filter((name) => /^\d{4}-/.test(name));
    for (const name of records) expect(read("docs/adr/README.md")).toContain(`(${name})`);
  });
});

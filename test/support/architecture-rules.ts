import { posix } from "node:path";

/** What a folder of `src` may import besides itself. The table of docs/architecture.md, made checkable. */
interface Rule {
  /** Folders of `src`. */
  folders: readonly string[];
  /** Single files of other folders, each with an ADR that says why. */
  files?: readonly string[];
  /** npm packages; a name that ends in `/` stands for a scope. "any" for no limit. */
  packages: readonly string[] | "any";
  /** Node's own modules without `node:`. */
  node: readonly string[] | "any";
}

/** The libraries of each outside system. An adapter without an entry speaks plain Node. */
const sdks: Readonly<Record<string, readonly string[]>> = {
  slack: ["@slack/"],
  featbit: ["@featbit/node-server-sdk"],
  openai: ["openai"],
  postgres: ["pg", "pg-copy-streams"],
  queue: ["bullmq", "ioredis", "pg"],
  otel: ["pino", "@opentelemetry/"],
  http: ["ipaddr.js"],
  plot: ["@resvg/resvg-wasm"],
};

const everything: Rule = {
  folders: [
    "domain",
    "documents",
    "config",
    "watch",
    "pipeline",
    "adapters",
    "sandbox",
    "commands",
    "app",
    "command",
    "main",
  ],
  packages: "any",
  node: "any",
};

function ruleFor(folder: string): Rule | null {
  if (folder.startsWith("adapters/")) {
    const system = folder.slice("adapters/".length);
    return {
      folders: ["domain", "watch"],
      packages: ["zod", "@opentelemetry/api", ...(sdks[system] ?? [])],
      node: "any",
    };
  }
  switch (folder) {
    case "domain":
      return { folders: [], packages: ["zod", "canonicalize"], node: ["crypto"] };
    case "documents":
      return {
        folders: ["domain"],
        packages: ["zod", "yaml"],
        node: ["fs", "fs/promises", "path", "crypto"],
      };
    case "config":
      return {
        folders: ["domain"],
        // docs/adr/0005-settings-read-as-documents.md
        files: ["src/documents/read-yaml.ts"],
        packages: ["zod", "yaml"],
        node: "any",
      };
    case "pipeline":
      return { folders: ["domain", "watch"], packages: ["@opentelemetry/api", "cockatiel"], node: [] };
    case "watch":
      return {
        folders: ["domain"],
        packages: ["@opentelemetry/api"],
        node: ["async_hooks"],
      };
    case "sandbox":
      return { folders: [], packages: "any", node: "any" };
    case "app":
    case "command":
    case "commands":
    case "main":
      return everything;
    default:
      return null;
  }
}

/** The variables of the process are read in one place, so that one place knows all of them. */
const environmentReaders = [
  "src/config/",
  "bin/",
  // Programs do not start on Windows without SystemRoot; it is handed on and no setting of ours.
  "src/adapters/postgres/embedded/init-data.ts",
];
const consoleWriters = ["src/commands/", "bin/"];
/** Imports every file of `src/commands` by its name: adding one is all it takes. */
const computedImporters = ["src/main.ts"];

/** What can write to FeatBit, and who alone may use it: invariant 1, and `signalman controls` as its one exception. */
const writers: Readonly<Record<string, readonly string[]>> = {
  "src/adapters/featbit/featbit-writer.ts": ["src/app/executor-role.ts"],
  "src/adapters/featbit/apply-plan.ts": ["src/adapters/featbit/"],
  "src/adapters/featbit/controls-admin.ts": ["src/commands/controls.ts"],
};
/** Code that makes FeatBit write, and the only files that it may stand in. */
const writing: readonly { code: RegExp; within: string; files: readonly string[] }[] = [
  {
    code: /\.(put|post)\(/,
    within: "src/adapters/featbit/",
    files: ["apply-plan.ts", "controls-admin.ts"].map((name) => `src/adapters/featbit/${name}`),
  },
  { code: /\bwriter\.(apply|reconcile)\(/, within: "src/", files: ["src/pipeline/execute.ts"] },
];

/** Policy's one road to `allow`, and who may ask it: everybody else goes through `decideNow`, with what holds then. */
const decisionRoad = {
  code: /\bdecideAction\(/,
  files: [
    "src/domain/policy/decide-action.ts",
    "src/domain/policy/replay.ts",
    "src/pipeline/decide-now.ts",
    "src/pipeline/drafting/policy-forbids.ts",
  ],
};

export const longestFile = 400;

export type Import = { target: string; typeOnly: boolean };

/**
 * The imports and re-exports of a file, found as Prettier writes them: statements begin a line, strings have double
 * quotes. The format check comes first in `npm run check`, so nothing else gets here.
 */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const [, head = "", target = ""] of text.matchAll(
    /^((?:import|export)\b[^;"']*?)\bfrom "([^"]+)"/gm,
  )) {
    found.push({ target, typeOnly: isTypeOnly(head) });
  }
  for (const [, target = ""] of text.matchAll(/^import "([^"]+)"/gm)) found.push({ target, typeOnly: false });
  for (const [, target = ""] of text.matchAll(/(?<![\w.])import\(\s*"([^"]+)"/g)) {
    found.push({ target, typeOnly: false });
  }
  return found;
}

function isTypeOnly(head: string): boolean {
  if (/^(import|export) type\b/.test(head)) return true;
  const names =
    /\{([^}]*)\}/
      .exec(head)?.[1]
      ?.split(",")
      .filter((name) => name.trim() !== "") ?? [];
  return names.length > 0 && names.every((name) => /^\s*type\s/.test(name));
}

/** All that is wrong with these files (path from the project's root → text), each with file, what and remedy. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    found.push(...ofName(path), ...ofText(path, text));
    if (path.startsWith("src/") && path.endsWith(".ts")) {
      for (const one of importsOf(text)) found.push(...ofImport(path, one).map((what) => `${path}: ${what}`));
    }
  }
  found.push(...ofCycles(files));
  return found;
}

function ofName(path: string): string[] {
  const name = posix.basename(path);
  const found: string[] = [];
  if (name.startsWith("index."))
    found.push(`${path}: barrels hide where things come from; name the file for its export`);
  if (!/^\d*[a-z0-9]+(-[a-z0-9]+)*(\.client)?\.[a-z]+$/.test(name))
    found.push(`${path}: file names are kebab-case`);
  return found;
}

function ofText(path: string, text: string): string[] {
  const found: string[] = [];
  if (!/\.[jt]s$/.test(path)) return found;
  const lines = text.split("\n").length;
  if (lines > longestFile) found.push(`${path}: ${lines} lines; split what does not belong together`);
  if (/^export default\b|\bas default\b/m.test(text)) found.push(`${path}: named exports only`);
  if (/\bprocess\.env\b/.test(text) && !isUnder(path, environmentReaders)) {
    found.push(`${path}: only src/config reads process.env; take the value as an argument`);
  }
  if (
    /\bconsole\.(log|info|warn|error|debug)\b/.test(text) &&
    !isUnder(path, consoleWriters) &&
    !isPage(path)
  ) {
    found.push(`${path}: nothing but a command writes to the console; take a Log`);
  }
  if (
    /(?<![\w.])(import|require)\(\s*[^"\s)]/.test(text) &&
    path.endsWith(".ts") &&
    !isUnder(path, computedImporters)
  ) {
    found.push(`${path}: an import whose target is computed cannot be checked`);
  }
  for (const { code, within, files } of writing) {
    if (path.startsWith(within) && !files.includes(path) && code.test(text)) {
      found.push(`${path}: only ${files.join(" and ")} may write to FeatBit`);
    }
  }
  if (path.startsWith("src/") && !decisionRoad.files.includes(path) && decisionRoad.code.test(text)) {
    found.push(`${path}: only ${decisionRoad.files.join(", ")} ask policy; go through decideNow`);
  }
  return found;
}

function ofImport(path: string, { target, typeOnly }: Import): string[] {
  const from = folderOf(path);
  const rule = ruleFor(from);
  if (rule === null) return [`src/${from} is not a folder of the architecture; add its rule first`];
  if (target.startsWith("node:")) {
    const name = target.slice("node:".length);
    return rule.node === "any" || rule.node.includes(name) ? [] : [`${from} may not use ${target}`];
  }
  if (!target.startsWith(".")) {
    const allowed =
      rule.packages === "any" ||
      rule.packages.some((name) =>
        name.endsWith("/") ? target.startsWith(name) : target === name || target.startsWith(`${name}/`),
      );
    return allowed ? [] : [`${from} may not use the package ${target}`];
  }
  if (!target.endsWith(".ts") && !target.endsWith(".js"))
    return [`"${target}" must name a file with its ending`];
  const resolved = posix.join(posix.dirname(path), target);
  if (!resolved.startsWith("src/")) return [`imports ${resolved}, which is outside src`];
  const to = folderOf(resolved);
  const users = writers[resolved];
  if (users !== undefined && !typeOnly && !isUnder(path, users)) {
    return [`${resolved} writes to FeatBit; only ${users.join(" and ")} may use it`];
  }
  if (to === from) return [];
  if (from.startsWith("adapters/") && to === "pipeline") {
    if (!resolved.startsWith("src/pipeline/ports/"))
      return [`an adapter sees of the pipeline only its ports, not ${resolved}`];
    return typeOnly ? [] : [`an adapter may import only types of ${resolved}`];
  }
  const top = to.startsWith("adapters/") ? "adapters" : to;
  if (rule.files?.includes(resolved)) return [];
  return rule.folders.includes(top) ? [] : [`${from} may not import ${to} (${resolved})`];
}

/** `domain`, `adapters/slack`, `app` …: the first part under `src`, two parts for adapters. */
function folderOf(path: string): string {
  const [, first = "", second = ""] = path.split("/");
  return first === "adapters" ? `adapters/${second}` : first.replace(/\.ts$/, "");
}

function isUnder(path: string, places: readonly string[]): boolean {
  return places.some((place) => path.startsWith(place));
}

/** Runs in a browser, where the console is the only log. */
function isPage(path: string): boolean {
  return path.endsWith(".client.js");
}

/** Circles of files that import each other at run time, and of top-level folders, types included. */
function ofCycles(files: ReadonlyMap<string, string>): string[] {
  const byFile = new Map<string, Set<string>>();
  const byFolder = new Map<string, Set<string>>();
  for (const [path, text] of files) {
    if (!path.startsWith("src/") || !path.endsWith(".ts")) continue;
    const fromFolder = folderOf(path).split("/")[0] ?? "";
    for (const { target, typeOnly } of importsOf(text)) {
      if (!target.startsWith(".")) continue;
      const resolved = posix.join(posix.dirname(path), target);
      if (!typeOnly) link(byFile, path, resolved);
      const toFolder = folderOf(resolved).split("/")[0] ?? "";
      if (toFolder !== fromFolder) link(byFolder, `src/${fromFolder}`, `src/${toFolder}`);
    }
  }
  return [...circlesOf(byFile), ...circlesOf(byFolder)].map(
    (circle) => `${circle.join(" → ")}: a circle of imports`,
  );
}

function link(graph: Map<string, Set<string>>, from: string, to: string): void {
  const targets = graph.get(from) ?? new Set();
  graph.set(from, targets.add(to));
}

/** One circle for every edge that leads back to where the search came from. */
function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (node: string): void => {
    const seen = way.indexOf(node);
    if (seen !== -1) {
      circles.push([...way.slice(seen), node]);
      return;
    }
    if (done.has(node)) return;
    way.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    way.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return circles;
}

import { readFileSync, renameSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { followClock } from "./shifted-clock.ts";
import { type Patch, patchedTexts, struckName, variables } from "./patches.ts";

/**
 * Loaded by `--import` into a process of Signalman: files of `src` get other words as they are loaded, and
 * `globalThis.faultPoint(name)` ends or stops the process where it stands. Types are stripped after the words were put.
 */
const source = join(import.meta.dirname, "..", "..", "..", "src");
const file = process.env[variables.patches];
const armed = process.env[variables.armed];
if (file === undefined || armed === undefined)
  throw new Error(`${[variables.patches, variables.armed].join(" and ")} are missing`);

const texts = new Map<string, string>();
try {
  const patches: Patch[] = JSON.parse(readFileSync(file, "utf8"));
  for (const [path, text] of patchedTexts(patches, (each) => readFileSync(join(source, each), "utf8"))) {
    texts.set(pathToFileURL(join(source, path)).href, text);
  }
} catch (error) {
  process.stderr.write(`A patch does not fit. ${String(error)}\n`);
  process.exit(1);
}

registerHooks({
  load(url, context, next) {
    const text = texts.get(url);
    if (text === undefined) return next(url, context);
    return { format: "module-typescript", source: text, shortCircuit: true };
  },
});

const clock = process.env[variables.clock];
if (clock !== undefined) followClock(clock);

Object.assign(globalThis, { faultPoint });

function faultPoint(name: string): void {
  const struck = join(armed ?? "", struckName(name));
  try {
    // Whoever renames it first is struck; everybody else finds nothing.
    renameSync(join(armed ?? "", name), struck);
  } catch {
    return;
  }
  process.kill(process.pid, readFileSync(struck, "utf8"));
}

#!/usr/bin/env node
// Plain JavaScript that any Node since 14 can read: finds a Node that runs TypeScript, or says what to do.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const oldest = 24;
const launcher = fileURLToPath(import.meta.url);
const root = join(dirname(launcher), "..");
const args = process.argv.slice(2);

if (majorOf(process.version) >= oldest) {
  runHere();
} else {
  const node = candidates().find((path) => isNewEnough(path));
  if (node === undefined) {
    process.stderr.write(
      `Signalman needs Node ${oldest} or newer, and this is ${process.version}. ` +
        `Run "npm ci" in ${root} (it brings one on Linux and Windows), or install Node ${oldest} from https://nodejs.org.\n`,
    );
    process.exitCode = 1;
  } else {
    runWith(node);
  }
}

function runHere() {
  if (!existsSync(join(root, "node_modules"))) {
    process.stderr.write(`Signalman's libraries are missing. Run "npm ci" in ${root}.\n`);
    process.exitCode = 1;
    return;
  }
  import("node:module")
    .then((module) => {
      if (module.enableCompileCache) module.enableCompileCache();
      return import(pathToFileURL(join(root, "src", "main.ts")).href);
    })
    .then((loaded) => loaded.main(args))
    .then((code) => {
      process.exitCode = code;
    })
    .catch((error) => {
      process.stderr.write(`Signalman could not start:\n${(error && error.stack) || error}\n`);
      process.exitCode = 1;
    });
}

/** The one of the package for this platform, then the one on PATH. */
function candidates() {
  const platform = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const name = process.platform === "win32" ? "node.exe" : "node";
  const packaged = [
    join(root, "node_modules", `node-${platform}`, "bin", name),
    join(root, "node_modules", ".bin", name),
  ];
  return packaged.filter((path) => existsSync(path)).concat("node");
}

function isNewEnough(path) {
  const asked = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000, windowsHide: true });
  return asked.status === 0 && majorOf(asked.stdout.trim()) >= oldest;
}

function majorOf(version) {
  return Number((/^v(\d+)\./.exec(version) || [])[1] || 0);
}

/** The child is the program: it gets our signals, and we end as it ends. */
function runWith(node) {
  const child = spawn(node, [launcher, ...args], { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal gives SIGINT to the child as well: passing it on would count as a second one.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    for (const each of signals) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}

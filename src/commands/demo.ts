import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { freePort } from "./demo/free-port.ts";
import type { Demo } from "./demo/open-demo.ts";

export const name = "demo";
export const summary = "try Signalman on this machine, with a stand-in Slack, FeatBit and Prometheus";
export const usage = `Usage: signalman demo [--port <port>] [--data <folder>] [--log <file>]
       signalman demo --script [--data <folder>] [--log <file>]

Starts a small shop in trouble and Signalman beside it, and shows a web page with the Slack channel, the flags,
the metrics and the ledger, and Signalman's own console. No account, key or network is needed.

  --script  plays all three scenarios without a browser and checks every step
  --port    where the page listens on 127.0.0.1; default 4400, or the next one that is free
  --data    keeps the database in this folder; default a temporary one that goes with the demo
  --log     keeps Signalman's log in this file; default one that goes with the demo

Exit code: 0 ended by Ctrl+C or all steps as expected, 1 a step was not, 2 wrong usage.`;

const firstPagePort = 4400;
const firstConsolePort = 4450;
const endWithinMs = 12_000;

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      script: { type: "boolean", default: false },
      port: { type: "string" },
      data: { type: "string" },
      log: { type: "string" },
    },
  });
  if (values.script && values.port !== undefined) {
    throw new UsageError("--script shows no page, so --port means nothing with it.");
  }
  const wanted = values.port === undefined ? null : portOf(values.port);
  const port = values.script ? 0 : await freePort(wanted, firstPagePort);
  const consolePort = values.script ? null : await freePort(null, firstConsolePort);

  // Help and mistakes need none of it.
  const { openDemo } = await import("./demo/open-demo.ts");
  const demo = await openDemo({ dataFolder: values.data, logFile: values.log, consolePort });
  let code = 1;
  try {
    code = values.script ? await playScript(demo) : await showPage(demo, port);
  } finally {
    const late = setTimeout(() => process.exit(code), endWithinMs);
    await demo[Symbol.asyncDispose]();
    clearTimeout(late);
  }
  // The flag platform's SDK keeps timers that would hold the process for up to 18 s.
  process.exit(code);
}

async function playScript(demo: Demo): Promise<number> {
  const { playScript } = await import("./demo/script/play-script.ts");
  if (await playScript(demo)) return 0;
  demo.keepFolder();
  process.stderr.write(`The log of Signalman is ${demo.logFile}.\n`);
  return 1;
}

async function showPage(demo: Demo, port: number): Promise<number> {
  const { runPage } = await import("./demo/run-page.ts");
  await runPage(demo, port);
  process.stdout.write("\nEnding …\n");
  return 0;
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new UsageError(`--port takes a number from 1 to 65535, not "${text.slice(0, 20)}".`);
}

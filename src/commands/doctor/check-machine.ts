import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { type Check, problem, warning } from "./check.ts";

const oldestNode = 24;
const megabyte = 1024 * 1024;
const scarceBytes = 1024 * megabyte;
const tooFewBytes = 200 * megabyte;

export const checkMachine: Check = {
  name: "machine",
  async run({ config, machine }) {
    const { nodeVersion } = machine;
    const major = Number(/^v(\d+)/.exec(nodeVersion)?.[1] ?? 0);
    const node =
      major >= oldestNode
        ? []
        : [
            problem(
              `This is Node ${nodeVersion}.`,
              `Signalman runs its TypeScript as it is, which Node ${oldestNode} and newer can.`,
              'Run "npm ci", which brings one along on Linux and Windows, or install it.',
            ),
          ];
    if (config.database.kind === "server") return node;
    const folder = nearest(config.database.dataFolder);
    const free = await machine.freeBytes(folder);
    if (free >= scarceBytes) return node;
    const say = free < tooFewBytes ? problem : warning;
    return [
      ...node,
      say(
        `${Math.floor(free / megabyte)} MB are free where the data lies (${folder}).`,
        "A database that cannot write takes in no alerts.",
        "Make room, or set database.dataFolder to a larger disk.",
      ),
    ];
  },
};

/** The folder itself is made at the first start. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { suggestion } from "../domain/closest-word.ts";
import { checkGovernance } from "./policy/check-governance.ts";
import { explainPolicy } from "./policy/explain-policy.ts";
import { replayPolicy } from "./policy/replay-policy.ts";

const words = ["check", "explain", "replay"] as const;

export const name = "policy";
export const summary =
  "check the governance files, say why something was decided, or replay decisions under other rules";
export const usage = `Usage: signalman policy check [--governance <dir>] [--on <YYYY-MM-DD>] [--json]
       signalman policy explain <tool> [--environment <key>] [--governance <dir>] [--json]
       signalman policy explain <CHG-…> [--governance <dir>] [--json] [--config <file>]
       signalman policy replay [--since 30d] [--governance <dir>] [--set <control>=<value> …] [--all] [--json] [--config <file>]

check    what is wrong with the governance files, or missing: owners, review dates, rules that nothing reaches, tools
         without a contract, defaults that are not safe, and the ten points of the readiness checklist.
         Needs no environment, no database and no network; --on takes another day for today
explain  of a tool: what its contract says, in words. Of a change: every decision about it, with the rule that fired,
         the flags that were evaluated, and what the files of today would say
replay   what every recorded action would have got under other files or flag values; --all lists what stays the same too

Exit code: 0 done, 1 findings (check) or not found, 2 wrong usage or configuration.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      governance: { type: "string", default: "governance" },
      on: { type: "string" },
      environment: { type: "string" },
      since: { type: "string", default: "30d" },
      set: { type: "string", multiple: true, default: [] },
      all: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      config: { type: "string" },
    },
  });
  const [word, subject, ...more] = positionals;
  const known = words.find((each) => each === word);
  if (word === undefined) throw new UsageError(`Say what to do: ${words.join(", ")}.`);
  if (known === undefined) {
    throw new UsageError(`There is no "policy ${word.slice(0, 60)}".${suggestion(word, words)}`);
  }
  const tooMany = known === "explain" ? more[0] : subject;
  if (tooMany !== undefined) throw new UsageError(`There is one word too many: "${tooMany.slice(0, 60)}".`);
  switch (known) {
    case "check":
      return checkGovernance(values);
    case "explain":
      if (subject === undefined)
        throw new UsageError("Say which: a tool, such as flag.turn_off, or a change (CHG-…).");
      return explainPolicy(subject, values);
    case "replay":
      return replayPolicy(values);
  }
}

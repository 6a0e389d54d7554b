import { UsageError } from "../../command.ts";
import { loadDatabase } from "../../config/load-config.ts";
import { processOrigin } from "../../config/process-origin.ts";
import { loadGovernance } from "../../documents/load-governance.ts";
import { suggestion } from "../../domain/closest-word.ts";
import { later } from "../../domain/ids.ts";
import { controlFlags, controlParsers } from "../../domain/policy/control-flags.ts";
import type { Decision } from "../../domain/policy/decision.ts";
import { Duration, durationMs } from "../../domain/policy/governance-contract.ts";
import { type LedgerDecision, readDecisions } from "../../domain/policy/recorded-decisions.ts";
import { differs, replayDecision, type SuppliedControls } from "../../domain/policy/replay.ts";
import { tableOf } from "../shown/table.ts";

export interface ReplayOptions {
  since: string;
  governance: string;
  set: string[];
  all: boolean;
  json: boolean;
  config?: string | undefined;
}

const pageSize = 1000;

interface Replayed extends LedgerDecision {
  before: Decision;
  after: Decision;
  differs: boolean;
}

/** Prints what recorded actions would have got under other files or flag values. */
export async function replayPolicy(options: ReplayOptions): Promise<number> {
  const sinceMs = durationOf(options.since);
  const supplied = suppliedControls(options.set);
  const rulebook = loadGovernance(options.governance);
  const database = loadDatabase(processOrigin(options.config));
  // Help and mistakes need no database driver.
  const { openStore } = await import("../store/open-store.ts");
  await using opened = await openStore(database);
  const { store } = opened;
  const from = later(await store.now(), -sinceMs);
  const reader = readDecisions();
  const replayed: Replayed[] = [];
  // What people had said of a change may lie before the time that is asked for.
  for (let position = 0; ;) {
    const page = await store.ledger.entries(position, pageSize);
    if (page.length === 0) break;
    position += page.length;
    for (const decision of page.flatMap((entry) => reader.take(entry))) {
      if (decision.at < from) continue;
      const after = replayDecision(decision, rulebook, supplied);
      replayed.push({
        ...decision,
        before: decision.decision,
        after,
        differs: differs(decision.decision, after),
      });
    }
  }
  const shown = options.all ? replayed : replayed.filter((each) => each.differs);
  process.stdout.write(
    options.json ? `${JSON.stringify(shown.map(rowOf), null, 2)}\n` : textOf(shown, replayed),
  );
  return 0;
}

function durationOf(text: string): number {
  if (Duration.safeParse(text).success) return durationMs(text);
  throw new UsageError(`--since ${text.slice(0, 40)} is no duration; write it as 12h or 30d.`);
}

function suppliedControls(pairs: readonly string[]): SuppliedControls {
  return Object.fromEntries(
    pairs.map((pair) => {
      const cut = pair.indexOf("=");
      const key = pair.slice(0, cut);
      const value = pair.slice(cut + 1);
      const flag = controlFlags.find((each) => each.key === key);
      if (cut < 1 || flag === undefined) {
        const known = controlFlags.map((each) => each.key);
        throw new UsageError(
          `--set ${pair.slice(0, 60)} names no control; write it as signalman-mode=draft_write.${suggestion(key, known)}`,
        );
      }
      if (controlParsers[flag.name](value) === undefined) {
        throw new UsageError(
          `"${value.slice(0, 60)}" is no value of ${key}; it has ${flag.values.join(", ")}.`,
        );
      }
      return [key, value];
    }),
  );
}

interface Row {
  at: string;
  stream: string;
  tool: string;
  environment: string;
  occasion: string;
  before: string;
  after: string;
  because: string;
}

function rowOf({ at, stream, action, occasion, before, after }: Replayed): Row {
  const { tool, target } = action;
  return {
    at,
    stream,
    tool,
    environment: target.environment,
    occasion,
    before: outcome(before),
    after: outcome(after),
    because: after.reasons.join(" "),
  };
}

function outcome(decision: Decision): string {
  const asked =
    "requirement" in decision
      ? `, ${decision.requirement.count} of ${decision.requirement.roles.join("|")}`
      : "";
  return `${decision.kind} (${decision.mode}, ${decision.rule}${asked})`;
}

function textOf(shown: readonly Replayed[], all: readonly Replayed[]): string {
  const rows = shown.map((each) => {
    const { at, stream, tool, environment, occasion, before, after } = rowOf(each);
    return [at.slice(0, 19), stream, tool, environment, occasion, before, after];
  });
  const changed = all.filter((each) => each.differs).length;
  const streams = new Set(all.map(({ stream }) => stream)).size;
  return [
    ...(rows.length === 0
      ? []
      : tableOf(["at", "of", "tool", "environment", "occasion", "then", "under these rules"], rows)),
    ...(rows.length === 0 ? [] : [""]),
    `replayed: ${all.length} decisions of ${streams} streams, ${changed} differ`,
    "",
  ].join("\n");
}

import { keyLine } from "../../domain/ledger/signed-note.ts";
import { type LedgerFault, type LedgerVerdict, verifyLedger } from "../../domain/ledger/verify-ledger.ts";
import type { Store } from "../../pipeline/ports/storage.ts";
import type { Proofs } from "./read-proofs.ts";

const pageSize = 2000;

/** Verifies the whole ledger and says what was found. The exit code: 0 only where all of it is proven. */
export async function verifyAndTell(
  { ledger, checkpoints }: Pick<Store, "ledger" | "checkpoints">,
  { keys, outside }: Proofs,
  asJson: boolean,
): Promise<number> {
  const size = await ledger.size();
  const verdict = await verifyLedger({
    entries: (from, limit) => ledger.stored(from, limit),
    checkpoints: (above, limit) => checkpoints.above(above, limit),
    keys,
    outside,
    pageSize,
    onProgress: (entries) => showProgress(entries, size),
  });
  if (process.stderr.isTTY && size >= shownFrom) process.stderr.write("\r\u001b[K");
  const unpositioned = await ledger.unsequenced();
  const isProven = verdict.kind === "intact" && !lacksKey(verdict);
  const told = {
    ...verdict,
    proven: isProven,
    uncovered: verdict.entries - verdict.covered,
    unpositioned,
    keys: (keys ?? []).map(keyLine),
  };
  process.stdout.write(
    asJson ? `${JSON.stringify(told, null, 2)}\n` : verdictText(verdict, unpositioned, told.keys),
  );
  return isProven ? 0 : 1;
}

/** A signature that nobody has looked at proves nothing. */
function lacksKey({ signaturesChecked, checkpoints, outside }: LedgerVerdict): boolean {
  return !signaturesChecked && (checkpoints > 0 || outside !== null);
}

const shownFrom = 10_000;
const lineEvery = 100_000;

/** In place on a terminal; elsewhere a line now and then. */
function showProgress(entries: number, size: number): void {
  const text = `${entries} of ${size} entries verified`;
  if (process.stderr.isTTY) process.stderr.write(`\r${text}`);
  else if (entries % lineEvery === 0) process.stderr.write(`${text}\n`);
}

function verdictText(verdict: LedgerVerdict, unpositioned: number, keys: readonly string[]): string {
  const lines =
    verdict.kind === "broken"
      ? [
          `The ledger is BROKEN ${whereOf(verdict.fault)}: ${verdict.fault.reason}`,
          `${verdict.entries} entries before it are in order.`,
        ]
      : intactLines(verdict, keys);
  if (unpositioned > 0) {
    const one = unpositioned === 1;
    lines.push(
      `${unpositioned} of the newest entries ${one ? "has" : "have"} no position yet and ${one ? "was" : "were"} not checked.`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function intactLines(verdict: LedgerVerdict, keys: readonly string[]): string[] {
  const { entries, streams, checkpoints, covered, outside } = verdict;
  const end = entries === 0 ? "" : `, positions 0 to ${entries - 1}`;
  const lines = [`The ledger is intact: ${entries} entries in ${streams} streams${end}.`];
  if (entries === 0) return lines;
  const newer = entries - covered;
  const window =
    newer === 0
      ? "Every entry is covered."
      : `${newer} of the newest entries ${newer === 1 ? "is" : "are"} not covered yet: until the next checkpoint a change of ${newer === 1 ? "it" : "them"} could pass unseen.`;
  lines.push(`Checkpoints in the database that fit: ${checkpoints}. ${window}`);
  lines.push(
    outside === null
      ? "No checkpoint from outside the database was compared, so that its newest entries were removed would not show. Name one with --checkpoint."
      : `The checkpoint from outside the database fits: ${outside} entries.`,
  );
  if (lacksKey(verdict)) {
    lines.push(
      "NOT PROVEN: there is no public key here to hold the signatures against. Name its file with --key.",
    );
  }
  for (const key of keys) lines.push(`Public key: ${key}`);
  return lines;
}

function whereOf(fault: LedgerFault): string {
  switch (fault.kind) {
    case "entry":
      return `at ${fault.stream}, version ${fault.version} (position ${fault.position ?? "none"})`;
    case "missing":
      return `at position ${fault.position}`;
    case "entries":
      return fault.from === fault.to
        ? `at position ${fault.from}`
        : `between the positions ${fault.from} and ${fault.to}`;
    case "checkpoint":
      return fault.size === null ? "outside the database" : `at the checkpoint of ${fault.size} entries`;
  }
}

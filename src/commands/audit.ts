import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { loadDatabase } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { suggestion } from "../domain/closest-word.ts";
import { type LedgerVerdict, verifyLedger } from "../domain/ledger/verify.ts";
import { readStory, StoryId, storyText } from "./audit/show-story.ts";

const words = ["verify", "show"];

export const name = "audit";
export const summary =
  "check that the ledger was not tampered with, or read what it says of an incident or change";
export const usage = `Usage: signalman audit verify [--json] [--config <file>]
       signalman audit show <INC-…|CHG-…|mute/<service>> [--json] [--config <file>]

verify   recomputes every hash chain, and that no version and no position is missing
show     who did what and when, with policy decisions, votes and outcome

Both read the database of DATABASE_URL, or the data folder of signalman.yml. They change nothing and need no token.
Exit code: 0 intact, 1 broken or not found, 2 wrong usage or configuration.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, config: { type: "string" } },
  });
  const [word, id, ...more] = positionals;
  if (word === undefined) throw new UsageError("Say what to do: verify or show.");
  if (!words.includes(word)) {
    throw new UsageError(`There is no "audit ${word.slice(0, 60)}".${suggestion(word, words)}`);
  }
  if (more.length > 0 || (word === "verify" && id !== undefined)) {
    throw new UsageError(`There is one word too many: "${(word === "verify" ? id : more[0]) ?? ""}".`);
  }
  const wanted = word === "show" ? storyIdOf(id) : null;
  const database = loadDatabase(processOrigin(values.config));
  // Help and mistakes need no database driver.
  const { openStore } = await import("./store/open-store.ts");
  await using opened = await openStore(database);
  const { ledger } = opened.store;
  if (wanted === null) {
    const verdict = await verifyLedger((from, limit) => ledger.entries(from, limit));
    const unpositioned = await ledger.unsequenced();
    write(values.json ? json({ ...verdict, unpositioned }) : verdictText(verdict, unpositioned));
    return verdict.kind === "intact" ? 0 : 1;
  }
  const story = await readStory(ledger, wanted);
  if (story === null) {
    process.stderr.write(`The ledger knows nothing of ${wanted}; check the id and which database is read.\n`);
    return 1;
  }
  write(values.json ? json(story) : storyText(story));
  return story.fault === null ? 0 : 1;
}

function storyIdOf(text: string | undefined): StoryId {
  if (text === undefined)
    throw new UsageError(
      "Say which: the id of an incident (INC-…) or of a change (CHG-…), or mute/<service>.",
    );
  const id = StoryId.safeParse(text.startsWith("mute/") ? text : text.toUpperCase());
  if (id.success) return id.data;
  throw new UsageError(
    `"${text.slice(0, 60)}" is no id; it is INC- or CHG- and ten letters or digits, as the card shows it, or mute/ and a service.`,
  );
}

function verdictText(verdict: LedgerVerdict, unpositioned: number): string {
  const rest =
    unpositioned === 0
      ? ""
      : `${unpositioned} of the newest entries ${unpositioned === 1 ? "has" : "have"} no position yet and ${unpositioned === 1 ? "was" : "were"} not checked.\n`;
  if (verdict.kind === "intact") {
    const { entries, streams, lastPosition } = verdict;
    const end = lastPosition === null ? "" : `, positions 0 to ${lastPosition}`;
    return `The ledger is intact: ${entries} entries in ${streams} streams${end}.\n${rest}`;
  }
  const { stream, version, position, reason } = verdict.fault;
  return `The ledger is BROKEN at ${stream}, version ${version} (position ${position ?? "none"}): ${reason}\n${verdict.entriesBefore} entries before it are in order.\n${rest}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(text: string): void {
  process.stdout.write(text);
}

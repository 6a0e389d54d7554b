import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { ledgerFolder } from "../config/ledger.ts";
import { loadDatabase } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { suggestion } from "../domain/closest-word.ts";
import { type Instant, toInstant } from "../domain/ids.ts";
import type { Store } from "../pipeline/ports/storage.ts";
import { exportFormats, exportLedger } from "./audit/export-ledger.ts";
import { readProofs } from "./audit/read-proofs.ts";
import { StoryId } from "../domain/story/story.ts";
import { readStory } from "../pipeline/read-story.ts";
import { storyText } from "./audit/story-text.ts";
import { verifyAndTell } from "./audit/verify-and-tell.ts";

export const name = "audit";
export const summary =
  "check that the ledger was not tampered with, export it, or read what it says of an incident or change";
export const usage = `Usage: signalman audit verify [--checkpoint <file>] [--key <file>] [--json] [--config <file>]
       signalman audit show <INC-…|CHG-…|mute/<service>> [--json] [--config <file>]
       signalman audit export --format jsonl|csv [--since <instant>] [--until <instant>] [--out <file>] [--config <file>]

verify   recomputes every hash chain, that no version and no position is missing, the tree over all entries, and
         every checkpoint with its signature; says how many of the newest entries no checkpoint covers yet
show     who did what and when, with policy decisions, votes and outcome
export   every entry: jsonl with all that verifying it elsewhere takes, csv a row each for people

  --checkpoint  a checkpoint that was kept elsewhere; may be given again. The one in the data folder is used too
  --key         a file with the public key, a line <name>+<id>+<key>; by default public-keys.txt of the data folder
  --since       only entries from this time on, such as 2026-11-21 or 2026-11-21T02:00:00Z
  --until       only entries before this time
  --out         a new file instead of standard output

All read the database of DATABASE_URL, or the data folder of signalman.yml. They change nothing and need no token.
Exit code: 0 intact, 1 broken, not proven or not found, 2 wrong usage or configuration. docs/ledger.md says more.`;

const options = {
  json: { type: "boolean", default: false },
  config: { type: "string" },
  checkpoint: { type: "string", multiple: true },
  key: { type: "string", multiple: true },
  format: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  out: { type: "string" },
} as const;

/** What each word takes besides --config. */
const takes = {
  verify: ["json", "checkpoint", "key"],
  show: ["json"],
  export: ["format", "since", "until", "out"],
} as const satisfies Record<string, readonly (keyof typeof options)[]>;
type Word = keyof typeof takes;

type Act = (store: Store, folder: string) => Promise<number>;

export async function run(args: string[]): Promise<number> {
  const act = read(args);
  const database = loadDatabase(processOrigin(act.config));
  // Help and mistakes need no database driver.
  const { openStore } = await import("./store/open-store.ts");
  await using opened = await openStore(database);
  return await act.act(opened.store, ledgerFolder(database));
}

function read(args: string[]): { act: Act; config?: string } {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [given, id, ...more] = positionals;
  const word = wordOf(given);
  if (more.length > 0 || (word !== "show" && id !== undefined)) {
    throw new UsageError(`There is one word too many: "${(word === "show" ? more[0] : id) ?? ""}".`);
  }
  const allowed: readonly string[] = [...takes[word], "config"];
  const other = Object.entries(values).find(
    ([option, value]) => value !== false && !allowed.includes(option),
  );
  if (other !== undefined) throw new UsageError(`"audit ${word}" takes no --${other[0]}.`);
  const { config } = values;
  return { act: actOf(word, id, values), ...(config !== undefined && { config }) };
}

function wordOf(word: string | undefined): Word {
  const words = Object.keys(takes);
  if (word === undefined) throw new UsageError("Say what to do: verify, show or export.");
  if (word === "verify" || word === "show" || word === "export") return word;
  throw new UsageError(`There is no "audit ${word.slice(0, 60)}".${suggestion(word, words)}`);
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

function actOf(word: Word, id: string | undefined, values: Values): Act {
  switch (word) {
    case "verify": {
      const named = { checkpoints: values.checkpoint ?? [], keyFiles: values.key ?? [] };
      return async (store, folder) => verifyAndTell(store, await readProofs(folder, named), values.json);
    }
    case "show": {
      const wanted = storyIdOf(id);
      return (store) => show(store, wanted, values.json);
    }
    case "export": {
      const format = exportFormats.find((each) => each === values.format);
      if (format === undefined) throw new UsageError("Say --format jsonl or --format csv.");
      const since = instantOf("since", values.since);
      const until = instantOf("until", values.until);
      return (store) => exportLedger(store, { format, since, until, out: values.out ?? null });
    }
  }
}

async function show(store: Store, wanted: StoryId, asJson: boolean): Promise<number> {
  const story = await readStory(store, wanted);
  if (story === null) {
    process.stderr.write(`The ledger knows nothing of ${wanted}; check the id and which database is read.\n`);
    return 1;
  }
  process.stdout.write(asJson ? `${JSON.stringify(story, null, 2)}\n` : storyText(story));
  return story.fault === null ? 0 : 1;
}

function storyIdOf(text: string | undefined): StoryId {
  if (text === undefined)
    throw new UsageError(
      "Say which: the id of an incident (INC-…) or of a change (CHG-…), or mute/<service>.",
    );
  const id = StoryId.safeParse(text.includes("/") ? text : text.toUpperCase());
  if (id.success) return id.data;
  throw new UsageError(
    `"${text.slice(0, 60)}" is no id; it is INC- or CHG- and ten letters or digits, as the card shows it, or mute/ and a service.`,
  );
}

/** A date alone is its beginning, in UTC. */
function instantOf(option: string, text: string | undefined): Instant | null {
  if (text === undefined) return null;
  const ms = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `--${option} takes a time such as 2026-11-21 or 2026-11-21T02:00:00Z, not "${text.slice(0, 40)}".`,
    );
  }
  return toInstant(ms);
}

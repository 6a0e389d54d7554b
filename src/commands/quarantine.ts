import { hostname, userInfo } from "node:os";
import { parseArgs } from "node:util";
import { UsageError } from "../command.ts";
import { loadDatabase } from "../config/load-config.ts";
import { processOrigin } from "../config/process-origin.ts";
import { suggestion } from "../domain/closest-word.ts";
import { DeliveryId } from "../domain/ids.ts";
import { shownDelivery, shownText } from "../pipeline/console/shown-delivery.ts";
import type { ShownDelivery } from "../pipeline/ports/console-reads.ts";
import type { Inbox } from "../pipeline/ports/storage.ts";
import { deliveryText } from "./quarantine/delivery-text.ts";

const words = ["list", "show", "requeue"];

/** As many as one look or one order takes. */
const most = 10_000;

export const name = "quarantine";
export const summary = "list, look at and take in anew what came in and could not be understood";
export const usage = `Usage: signalman quarantine list [--source <id>] [--limit <n>] [--json] [--config <file>]
       signalman quarantine show <delivery> [--json] [--config <file>]
       signalman quarantine requeue <delivery> [--json] [--config <file>]
       signalman quarantine requeue --all [--source <id>] [--json] [--config <file>]

list     newest first, 50 unless --limit says otherwise
show     when, from where, why, and what it said: cut, redacted, and made harmless for a terminal
requeue  has it taken in anew, for example after its source's mapping was mended; show says who did, and when

Works on the database of DATABASE_URL, or on the data folder of signalman.yml, beside a running Signalman.
Exit code: 0 done, 1 not found or not in quarantine, 2 wrong usage or configuration.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      all: { type: "boolean", default: false },
      source: { type: "string" },
      limit: { type: "string", default: "50" },
      json: { type: "boolean", default: false },
      config: { type: "string" },
    },
  });
  const order = orderOf(positionals, values);
  const database = loadDatabase(processOrigin(values.config));
  // Help and mistakes need no database driver.
  const { openStore } = await import("./store/open-store.ts");
  await using opened = await openStore(database);
  const { inbox } = opened.store;
  switch (order.word) {
    case "list":
      return await list(inbox, order, values.json);
    case "show":
      return await show(inbox, order.id, values.json);
    case "requeue":
      return await requeue(inbox, order.id, values.json);
    case "requeue_all":
      return await requeueAll(inbox, order.source, values.json);
  }
}

type Order =
  | { word: "list"; source: string | undefined; limit: number }
  | { word: "show" | "requeue"; id: DeliveryId }
  | { word: "requeue_all"; source: string | undefined };

function orderOf(
  [word, id, ...more]: string[],
  { all, source, limit }: { all: boolean; source?: string | undefined; limit: string },
): Order {
  if (word === undefined) throw new UsageError("Say what to do: list, show or requeue.");
  if (!words.includes(word)) {
    throw new UsageError(`There is no "quarantine ${word.slice(0, 60)}".${suggestion(word, words)}`);
  }
  if (more[0] !== undefined) throw new UsageError(`There is one word too many: "${more[0].slice(0, 60)}".`);
  if (word === "list" || (word === "requeue" && all)) {
    if (id !== undefined) throw new UsageError(`There is one word too many: "${id.slice(0, 60)}".`);
    if (word === "requeue") return { word: "requeue_all", source };
    if (!/^[1-9][0-9]{0,4}$/.test(limit) || Number(limit) > most) {
      throw new UsageError(`--limit is a number from 1 to ${most}, not "${limit.slice(0, 20)}".`);
    }
    return { word: "list", source, limit: Number(limit) };
  }
  if (source !== undefined) throw new UsageError("--source goes with list, or with requeue --all.");
  if (word === "show" && all) throw new UsageError("--all goes with requeue.");
  if (id === undefined) {
    throw new UsageError("Say which: the id of a delivery, as the list shows it. requeue also takes --all.");
  }
  const parsed = DeliveryId.safeParse(id.toLowerCase());
  if (!parsed.success) throw new UsageError(`"${id.slice(0, 60)}" is no id of a delivery; it is a UUID.`);
  return { word: word === "show" ? "show" : "requeue", id: parsed.data };
}

async function list(
  inbox: Inbox,
  { source, limit }: Extract<Order, { word: "list" }>,
  asJson: boolean,
): Promise<number> {
  const found = await inbox.quarantined(limit, source);
  const rows = found.map(({ reason, ...rest }) => ({ ...rest, reason: shownText(reason, 1000) }));
  if (asJson) return write(json(rows));
  if (rows.length === 0) return write("Nothing is in quarantine.\n");
  return write(
    rows.map((row) => `${row.receivedAt}  ${row.sourceId}  ${row.id}\n    ${row.reason}\n`).join(""),
  );
}

async function show(inbox: Inbox, id: DeliveryId, asJson: boolean): Promise<number> {
  const delivery = await inbox.delivery(id);
  if (delivery === null) return refuse(`There is no delivery ${id}; check which database is read.`);
  const shown: ShownDelivery = shownDelivery(delivery);
  return write(asJson ? json(shown) : deliveryText(shown));
}

async function requeue(inbox: Inbox, id: DeliveryId, asJson: boolean): Promise<number> {
  if (await inbox.requeue(id, operator())) return told(1, asJson);
  const known = await inbox.delivery(id);
  return refuse(
    known === null
      ? `There is no delivery ${id}; check which database is read.`
      : `The delivery ${id} is not in quarantine: it is ${known.settlement?.outcome ?? "waiting to be taken in"}.`,
  );
}

/** Those that are there now: what comes back unread while this runs is not given back again. */
async function requeueAll(inbox: Inbox, source: string | undefined, asJson: boolean): Promise<number> {
  const by = operator();
  let count = 0;
  for (const { id } of (await inbox.quarantined(most, source)).toReversed()) {
    if (await inbox.requeue(id, by)) count += 1;
  }
  return told(count, asJson);
}

/** Whoever has the command line is known by the name that the machine gives them. */
function operator(): string {
  try {
    return `${userInfo().username} on ${hostname()}`;
  } catch {
    // A user id without a name, as containers have them.
    return `user ${process.getuid?.() ?? "unknown"} on ${hostname()}`;
  }
}

function told(requeued: number, asJson: boolean): number {
  if (asJson) return write(json({ requeued }));
  const what = requeued === 1 ? "1 delivery waits" : `${requeued} deliveries wait`;
  return write(`${what} to be taken in anew: within seconds, where Signalman runs.\n`);
}

function refuse(line: string): number {
  process.stderr.write(`${line}\n`);
  return 1;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(text: string): number {
  process.stdout.write(text);
  return 0;
}

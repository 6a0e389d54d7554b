import { createHash } from "node:crypto";
import { OpsError } from "../../../domain/ops-error.ts";
import {
  type ArchiveEnd,
  ArchiveHead,
  ArchiveLine,
  endOfRows,
  type FileLine,
  firstLine,
  type TableLine,
} from "./archive-lines.ts";
import { linesOf } from "./lines-of.ts";

/** What an archive holds, in order. The rows of a table have to be read to their end before what follows it. */
export type ArchivePart =
  | { kind: "head"; head: ArchiveHead }
  | ({ kind: "file" } & FileLine)
  | ({ kind: "table"; rows: AsyncIterable<Buffer> } & TableLine)
  | { kind: "end"; end: ArchiveEnd["end"] };

/**
 * Reads an archive part by part. Rows were checked against their hashes once the end has come: before that nothing may
 * be committed. Throws `OpsError` (`misconfigured`) where it is no archive, or is cut or damaged.
 */
export async function* readArchive(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchivePart> {
  const lines = linesOf(source);
  try {
    yield* partsOf(lines);
  } finally {
    // Whoever stops early lets the source go as well.
    await lines.return(undefined);
  }
}

async function* partsOf(lines: AsyncGenerator<Buffer>): AsyncGenerator<ArchivePart> {
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true || value.at(-1) !== 0x0a) throw damaged("it ends in the middle");
    return value.toString("utf8").slice(0, -1);
  };
  const begin = await lines.next();
  const first = begin.done === true ? "" : begin.value.toString("utf8", 0, 200).trimEnd();
  if (first !== firstLine) {
    throw new OpsError(
      "misconfigured",
      first.startsWith("signalman backup ")
        ? `This backup has a form that this Signalman does not know ("${first.slice(0, 40)}"): restore it with the version that made it, or a newer one.`
        : "This is no backup of Signalman: it does not begin like one.",
    );
  }
  yield { kind: "head", head: ArchiveHead.parse(parse(await next())) };

  const sums: ArchiveEnd["end"] = [];
  for (;;) {
    const part = ArchiveLine.safeParse(parse(await next())).data;
    if (part === undefined) throw damaged("it holds a line that nobody can read");
    if ("file" in part) {
      yield { kind: "file", ...part };
    } else if ("table" in part) {
      const hash = createHash("sha256");
      let rows = 0;
      let read = false;
      yield {
        kind: "table",
        ...part,
        rows: (async function* () {
          for (;;) {
            const { value, done } = await lines.next();
            if (done === true || value.at(-1) !== 0x0a) throw damaged("it ends in the middle");
            if (value.length === endOfRows.length + 1 && value.toString("latin1") === `${endOfRows}\n`) break;
            hash.update(value);
            rows += 1;
            yield value;
          }
          read = true;
        })(),
      };
      if (!read) throw new Error(`the rows of ${part.table} were not read to their end`);
      sums.push({ table: part.table, rows, sha256: hash.digest("hex") });
    } else {
      if (JSON.stringify(part.end) !== JSON.stringify(sums)) {
        throw damaged("its rows are not those that were written");
      }
      yield { kind: "end", end: sums };
      return;
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged("it holds a line that nobody can read");
  }
}

function damaged(how: string): OpsError {
  return new OpsError(
    "misconfigured",
    `The backup is damaged: ${how}. Nothing was restored; take another backup.`,
  );
}

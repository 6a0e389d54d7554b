import { toInstant } from "../../domain/ids.ts";
import type { KeptCheckpoint } from "../../domain/ledger/verify-ledger.ts";
import type { Checkpoints } from "../../pipeline/ports/storage.ts";
import type { Database } from "./database.ts";

export function checkpointsOn(database: Database): Checkpoints {
  const read = async (rest: string, values: unknown[]) =>
    (await database.query<Row>(`select size, note, edge, leaves, made_at from checkpoints ${rest}`, values))
      .rows;
  return {
    async newest() {
      const [row] = await read("order by size desc limit 1", []);
      return row === undefined ? null : { ...toCheckpoint(row), at: toInstant(row.made_at) };
    },
    above: async (size, limit) =>
      (await read("where size > $1 order by size limit $2", [size, limit])).map(toCheckpoint),
    async put({ size, note, edge, leaves }) {
      await database.query(
        "insert into checkpoints (size, note, edge, leaves) values ($1, $2, $3, $4) on conflict (size) do nothing",
        [size, note, Buffer.from(edge), Buffer.from(leaves)],
      );
    },
  };
}

interface Row {
  size: string;
  note: string;
  edge: Buffer;
  leaves: Buffer;
  made_at: Date;
  // What a row of the driver may be.
  [column: string]: unknown;
}

function toCheckpoint({ size, note, edge, leaves }: Row): KeptCheckpoint {
  return { size: Number(size), note, edge, leaves };
}

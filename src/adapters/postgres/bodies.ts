import type { Bodies, Body } from "../../pipeline/ports/storage.ts";
import type { Database, Queryable } from "./database.ts";

export function bodiesOn(database: Database): Bodies {
  return {
    put: (body) => putBody(database, body),
    async get(id) {
      const { rows } = await database.query<{ content: Buffer }>("select content from bodies where id = $1", [
        id,
      ]);
      return rows[0]?.content.toString("utf8") ?? null;
    },
  };
}

/** The same id always stands for the same text, so a second put changes nothing. */
export async function putBody(client: Queryable, { id, kind, text }: Body): Promise<void> {
  await client.query(
    "insert into bodies (id, kind, content) values ($1, $2, $3) on conflict (id) do nothing",
    [id, kind, Buffer.from(text, "utf8")],
  );
}

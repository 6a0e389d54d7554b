import { toInstant } from "../../domain/ids.ts";
import type { Bodies, Body } from "../../pipeline/ports/storage.ts";
import type { Database, Queryable } from "./database.ts";

export function bodiesOn(database: Database): Bodies {
  return {
    put: (body) => putBody(database, body),
    async get(id) {
      const { rows } = await database.query<{ content: Buffer | null }>(
        "select content from bodies where id = $1",
        [id],
      );
      return rows[0]?.content?.toString("utf8") ?? null;
    },
    async removedAt(id) {
      const { rows } = await database.query<{ removed_at: Date | null }>(
        "select removed_at from bodies where id = $1",
        [id],
      );
      const at = rows[0]?.removed_at ?? null;
      return at === null ? null : toInstant(at);
    },
    async remove(kind, olderThanMs, limit) {
      const { rowCount } = await database.query(
        `update bodies set content = null, removed_at = now() where id in (
           select id from bodies
           where kind = $1 and removed_at is null and made_at < now() - $2 * interval '1 ms'
           order by made_at limit $3 for update skip locked)`,
        [kind, olderThanMs, limit],
      );
      return rowCount ?? 0;
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

import type { Posting, Postings } from "../../pipeline/ports/storage.ts";
import type { Database } from "./database.ts";

const columns = `subject, part, channel, ts, rendered_hash as "renderedHash"`;

export function postingsOn(database: Database): Postings {
  const read = async (where: string, values: unknown[]) =>
    (
      await database.query<Posting & Record<string, unknown>>(
        `select ${columns} from postings where ${where}`,
        values,
      )
    ).rows;
  return {
    get: async (subject, part) => (await read("subject = $1 and part = $2", [subject, part]))[0] ?? null,
    byMessage: async (channel, ts) => (await read("channel = $1 and ts = $2", [channel, ts]))[0] ?? null,
    ofSubject: (subject) => read("subject = $1 order by ts, part", [subject]),
    async record({ subject, part, channel, ts, renderedHash }) {
      await database.query(
        `insert into postings (subject, part, channel, ts, rendered_hash) values ($1, $2, $3, $4, $5)
         on conflict (subject, part) do update
           set channel = excluded.channel, ts = excluded.ts, rendered_hash = excluded.rendered_hash
           where excluded.ts >= postings.ts collate "C"`,
        [subject, part, channel, ts, renderedHash],
      );
    },
  };
}

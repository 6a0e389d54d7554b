import type { Posting, Postings } from "../../src/pipeline/ports/storage.ts";

/** Postings in memory, with a switch to lose a record as a crash would. */
export function createFakePostings(): Postings & {
  all(): Posting[];
  loseNextRecord(): void;
  hang(on: boolean): void;
} {
  const rows = new Map<string, Posting>();
  let losing = false;
  let hanging = false;
  const settle = async (): Promise<void> => {
    if (hanging) await new Promise(() => undefined);
  };
  return {
    get: async (subject, part) => {
      await settle();
      return rows.get(`${subject} ${part}`) ?? null;
    },
    byMessage: async (channel, ts) => {
      await settle();
      return [...rows.values()].find((row) => row.channel === channel && row.ts === ts) ?? null;
    },
    ofSubject: async (subject) => [...rows.values()].filter((row) => row.subject === subject),
    record: async (posting) => {
      if (losing) {
        losing = false;
        throw new Error("crashed between the post and its record");
      }
      const key = `${posting.subject} ${posting.part}`;
      if (posting.ts >= (rows.get(key)?.ts ?? "")) rows.set(key, posting);
    },
    all: () => [...rows.values()],
    loseNextRecord: () => {
      losing = true;
    },
    hang: (on) => {
      hanging = on;
    },
  };
}

import { z } from "zod";

/** The first line of every archive. A form that today's readers would misread gets another number. */
export const firstLine = "signalman backup 1";
/** Ends the rows of a table, as in PostgreSQL's own text form of COPY, where no row can look like it. */
export const endOfRows = "\\.";

/** The second line: what wrote the archive, and from what. */
export const ArchiveHead = z.object({
  signalman: z.string(),
  madeAt: z.string(),
  postgres: z.string(),
  /** In the order in which they were applied. */
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })).min(1),
});
export type ArchiveHead = z.infer<typeof ArchiveHead>;

/** Before the rows of a table, which follow in PostgreSQL's text form of COPY. */
export const TableLine = z.object({ table: z.string(), columns: z.array(z.string()).min(1) });
export type TableLine = z.infer<typeof TableLine>;

/** A small file that lies beside the database. */
export const FileLine = z.object({ file: z.string(), text: z.string() });
export type FileLine = z.infer<typeof FileLine>;

const TableSum = z.object({
  table: z.string(),
  rows: z.int().nonnegative(),
  /** SHA-256, hex, over the rows as they stand in the archive. */
  sha256: z.string(),
});

/** The last line: without it the archive is cut. */
export const ArchiveEnd = z.object({ end: z.array(TableSum) });
export type ArchiveEnd = z.infer<typeof ArchiveEnd>;

export const ArchiveLine = z.union([TableLine, FileLine, ArchiveEnd]);

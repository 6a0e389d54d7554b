import { resolve } from "node:path";
import { z } from "zod";
import type { Secret } from "./secret.ts";
import type { Variables } from "./variables.ts";

export const DatabaseSettings = z
  .strictObject({
    dataFolder: z
      .string()
      .min(1)
      .default("./data")
      .describe(
        "Where the PostgreSQL that came along keeps its data while DATABASE_URL is not set, and the role web the key and the newest checkpoint of the ledger; relative to this file.",
      ),
  })
  .prefault({});
export type DatabaseSettings = z.infer<typeof DatabaseSettings>;

/** A PostgreSQL of one's own, or the one that came along. `dataFolder` is absolute. */
export type Database =
  { kind: "embedded"; dataFolder: string } | { kind: "server"; url: Secret; dataFolder: string };

export function readDatabase(settings: DatabaseSettings, variables: Variables, folder: string): Database {
  const dataFolder = resolve(folder, settings.dataFolder);
  const url = variables.optionalSecret("DATABASE_URL");
  if (url === null) return { kind: "embedded", dataFolder };
  // The value is never quoted: it usually holds a password.
  if (!/^postgres(ql)?:\/\/./.test(url.reveal()) || !URL.canParse(url.reveal())) {
    variables.findings.push(
      "DATABASE_URL must look like postgresql://user:password@host:5432/database; " +
        "correct it, or unset it to use the PostgreSQL that came along.",
    );
  }
  return { kind: "server", url, dataFolder };
}

import { isAbsolute, join, resolve } from "node:path";
import type { Database } from "./database.ts";
import type { Variables } from "./variables.ts";

export interface LedgerKeeping {
  /** Absolute: where the newest checkpoint, the public keys and, without `keyFile`, the signing key lie. */
  folder: string;
  /** Absolute path of a PKCS #8 PEM file; null: a key is made in `folder`. */
  keyFile: string | null;
}

export function ledgerFolder({ dataFolder }: Database): string {
  return join(dataFolder, "ledger");
}

/** The key itself is read by whoever signs: it is a file of several lines, and its mode counts. */
export function readLedgerKeeping(database: Database, variables: Variables, cwd: string): LedgerKeeping {
  const file = variables.text("LEDGER_KEY_FILE");
  const keyFile = file === undefined ? null : isAbsolute(file) ? file : resolve(cwd, file);
  return { folder: ledgerFolder(database), keyFile };
}

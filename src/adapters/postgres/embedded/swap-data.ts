import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import path from "node:path";
import type { ServerHome } from "./server-home.ts";

/**
 * Puts a data folder that is whole and checked in the place of the old one, and answers where the old one is kept. Two
 * renames: the first start after a crash between them does the second (`finishUpgrade`), so no start ever finds the
 * place empty and fills it anew.
 */
export async function swapData(home: ServerHome, fresh: string, oldMajor: string): Promise<string> {
  const kept = freeName(path.join(home.folder, `data.postgres-${oldMajor}`));
  await rename(fresh, waiting(home));
  await rename(home.data, kept);
  await rename(waiting(home), home.data);
  return kept;
}

/** Ends what a crash left in the middle of `swapData`. */
export async function finishUpgrade(home: ServerHome): Promise<void> {
  if (existsSync(home.data) || !existsSync(waiting(home))) return;
  await rename(waiting(home), home.data).catch((error: unknown) => {
    // Of two starts at once the other was first.
    if (!existsSync(home.data)) throw error;
  });
}

/** A folder that was ready to take the place. Beside a data folder that is still there it counts for nothing. */
export function waiting(home: ServerHome): string {
  return path.join(home.folder, "data.upgraded");
}

function freeName(name: string): string {
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    if (!existsSync(candidate)) return candidate;
  }
}

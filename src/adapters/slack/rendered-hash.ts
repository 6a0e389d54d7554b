import { createHash } from "node:crypto";

/** What is shown with the same hash already need not be sent again. */
export function renderedHash(shown: unknown): string {
  return createHash("sha256").update(JSON.stringify(shown)).digest("hex");
}

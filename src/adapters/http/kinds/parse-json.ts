import type { z } from "zod";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The door has checked this before the commit; a row that is read later is not trusted for it. */
export function parseJson(
  bytes: Uint8Array,
): { kind: "json"; value: unknown } | { kind: "unmappable"; reason: string } {
  try {
    return { kind: "json", value: JSON.parse(decoder.decode(bytes)) as unknown };
  } catch {
    return { kind: "unmappable", reason: "body: it is not JSON in UTF-8" };
  }
}

/** Names the first field that does not fit, and where in a body its owner stands. Zod's words do not quote the value. */
export function describeMismatch(error: z.ZodError, place = ""): string {
  const issue = error.issues[0];
  const path = [place, ...(issue?.path ?? [])].filter((step) => step !== "").join(".");
  return `${path === "" ? "body" : path}: ${issue?.message ?? "it does not have the expected form"}`;
}

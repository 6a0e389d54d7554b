import { readFileSync } from "node:fs";
import { typed } from "./typed.ts";

/** One exchange with a running FeatBit 5.4.2. Origin: test/fixtures/featbit/README.md. */
export type RecordedExchange = {
  id: string;
  about: string;
  request: {
    method: string;
    path: string;
    /** Whose credential was sent: a token's name, `jwt`, an SDK secret's kind, or null for none. */
    authAs?: string | null;
    headers: Record<string, string>;
    body?: unknown;
  };
  response: { status: number; headers: Record<string, string>; body?: unknown };
  /** Other observations made right after, by name. */
  [observation: string]: unknown;
};

/** An entry that is not one exchange: a state, a list of frames, a count. */
type RecordedObservation = { id: string; about: string; [observation: string]: unknown };

export type RecordedEntry = RecordedExchange | RecordedObservation;

export const isExchange = (entry: RecordedEntry): entry is RecordedExchange =>
  typeof entry["request"] === "object" && typeof entry["response"] === "object";

export type RecordedFile =
  | "rest-projects"
  | "rest-tokens-iam"
  | "rest-flags"
  | "rest-errors"
  | "rest-audit"
  | "rest-segments"
  | "triggers"
  | "webhooks"
  | "evaluate"
  | "streaming"
  | "timing";

/** The entries of one file, in the order they were recorded. */
export function loadRecorded(file: RecordedFile): RecordedEntry[] {
  const url = new URL(`../fixtures/featbit/recorded/${file}.json`, import.meta.url);
  return typed<{ entries: RecordedEntry[] }>(JSON.parse(readFileSync(url, "utf8"))).entries;
}

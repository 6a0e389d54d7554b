import type { Front } from "../front.ts";
import type { Page } from "./on-command.ts";

export interface Asked {
  /** What was typed behind the word. */
  args: string;
  userId: string;
  channel: string;
  /** Lives 3 s: for a word that opens a form. */
  triggerId: string;
}

/** One word of `/ops`. */
export interface OpsWord {
  word: string;
  /** What it shows or does, for the help. */
  summary: string;
  /** Shows what stands where, to members of our workspace. The other words ask for a permission, and record a refusal. */
  shows?: true;
  /** Null: it has answered by opening a form. */
  read(front: Front, asked: Asked): Promise<Page | null>;
}

import type { Front } from "../front.ts";
import type { Page } from "./on-command.ts";

export interface Asked {
  /** What was typed behind the word. */
  args: string;
  userId: string;
}

/** One word of `/ops`. */
export interface OpsWord {
  word: string;
  /** What it shows or does, for the help. */
  summary: string;
  read(front: Front, asked: Asked): Promise<Page>;
}

import type { Front } from "../front.ts";
import type { Page } from "./on-command.ts";

/** One word of `/ops`. */
export interface OpsWord {
  word: string;
  /** What it shows, for the help. */
  summary: string;
  read(front: Front): Promise<Page>;
}

import { setTimeout as sleep } from "node:timers/promises";
import { toInstant } from "./instants.ts";
import type { Flag, Instruction, Segment, World } from "./world.ts";

/** One effective change, written down apart from the audit log so that tests have an independent record. */
export type Mutation = {
  at: string;
  envId: string;
  subject: "flag" | "segment";
  /** Key of the flag, id of the segment. */
  key: string;
  operation: string;
  comment: string;
  /** Name of the token or person; null for a trigger. */
  actor: string | null;
  revisionBefore: string | undefined;
  revisionAfter: string | undefined;
  /** False when the row was saved but the audit insert failed: nobody was told. */
  audited: boolean;
};

export type Change = {
  actorName: string | null;
  instructions: Instruction[];
  at: string;
  created?: true;
  deleted?: true;
};

/** What the parts of the stand-in share. */
export type Sandbox = {
  readonly world: World;
  readonly mutations: Mutation[];
  /** Milliseconds between the read and the write of one change: the lost-update window of the real server. */
  writeWindowMs: number;
  /** Unix ms, with a fraction. */
  readonly now: () => number;
  readonly listeners: {
    flag: ((flag: Flag) => void)[];
    segment: ((segment: Segment) => void)[];
    flagChange: ((flag: Flag, before: Flag | undefined, change: Change) => void)[];
    segmentChange: ((segment: Segment, before: Segment | undefined, change: Change) => void)[];
  };
};

export const writeWindow = async (sandbox: Sandbox): Promise<void> => {
  await sleep(sandbox.writeWindowMs);
};

/** Now, or the backdated instant, but at least 1 ms after the row's last change: SDKs drop what is not newer. */
export function nextUpdate(nowMs: number, previous?: string): string {
  const last = previous === undefined ? 0 : Math.floor(Date.parse(previous)) + 1;
  return toInstant(Math.max(nowMs, last));
}

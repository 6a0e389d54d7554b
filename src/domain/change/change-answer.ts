import type { ChangeState } from "./change.ts";
import type { ChangeEvent } from "./events.ts";

/** Why a command was refused: the code for the program, the sentence for the person. */
export type ChangeRefusal = {
  kind: "refused";
  code:
    | "unknown"
    | "exists"
    | "wrong_state"
    | "old_version"
    | "digest_mismatch"
    | "voted_already"
    | "not_permitted"
    | "not_now"
    | "too_early"
    | "invalid";
  reason: string;
  /** To be recorded although the command was refused (a refused vote is a ledger event too). */
  events: ChangeEvent[];
};
export type ChangeAnswer = { kind: "events"; events: ChangeEvent[] } | ChangeRefusal;

/** May be empty: the command is fine and says nothing new. */
export function events(...list: ChangeEvent[]): ChangeAnswer {
  return { kind: "events", events: list };
}

export function refused(
  code: ChangeRefusal["code"],
  reason: string,
  list: ChangeEvent[] = [],
): ChangeRefusal {
  return { kind: "refused", code, reason, events: list };
}

export function wrongState(state: ChangeState, verb: string): ChangeRefusal {
  const status = state.status.replaceAll("_", " ");
  const who = state.ended?.by ? ` by ${state.ended.by}` : "";
  return refused("wrong_state", `It cannot be ${verb}: it is ${status}${who}.`);
}

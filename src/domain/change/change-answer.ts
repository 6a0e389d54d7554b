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

/** The answer to a click on a version that is no longer the live one. */
export function supersededBy(
  state: Pick<ChangeState, "version">,
  version: number,
  list: ChangeEvent[] = [],
): ChangeRefusal {
  return refused("old_version", supersededWords(state, version), list);
}

export function supersededWords(live: Pick<ChangeState, "version">, version: number): string {
  return version === live.version
    ? "The plan is not the one that was shown: look at the live card."
    : `Version ${version} is superseded by version ${live.version}: look at the live card.`;
}

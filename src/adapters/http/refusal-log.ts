import type { Log } from "../../pipeline/ports/log.ts";
import type { Problem } from "./problem.ts";

/** Writes down that a request was refused; `sourceId` is null for an address that no source has. */
export type RefusalLog = (sourceId: string | null, problem: Problem) => void;

const everyMs = 10_000;

/**
 * One line for each source and code in ten seconds, with how many more there were since the line before: a flood of
 * refusals, which anybody can cause, is not to become a flood of lines. `monotonic` gives milliseconds that never go back.
 */
export function refusalLog(log: Log, monotonic: () => number): RefusalLog {
  const said = new Map<string, { at: number; since: number }>();
  return (sourceId, { code, status }) => {
    const key = `${sourceId ?? ""} ${code}`;
    const last = said.get(key);
    const now = monotonic();
    if (last !== undefined && now - last.at < everyMs) {
      last.since += 1;
      return;
    }
    said.set(key, { at: now, since: 0 });
    const more = last === undefined || last.since === 0 ? {} : { moreSinceTheLast: last.since };
    log.info(
      // Never the path: an unknown one is anybody's text.
      { stage: "intake", intent: "accept a delivery", errorClass: code, status, sourceId, ...more },
      "A request to the door was refused",
    );
  };
}

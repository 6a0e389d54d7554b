import { changesOf } from "./changes-of.ts";
import { type Finding, type Records, unexplained } from "./records.ts";

/** The work that moves a change on by itself, by the event that it stands at. */
const moves: Record<string, string> = { change_approved: "execute", execution_started: "execute" };

/** I10: at rest nothing is held, nothing was given up, and whatever is not at its end has a row that moves it on. */
export function judgeRest({ work, events }: Records): Finding[] {
  const left = work
    .filter(({ status }) => status !== "waiting")
    .map(({ stage, subject, status }) => unexplained("I10", `${stage} ${subject} is ${status}`));
  const stuck = changesOf(events).flatMap(({ id, types, ended }) => {
    const stage = ended === null ? (moves[types.at(-1) ?? ""] ?? "expire") : null;
    if (stage === null || work.some((row) => row.stage === stage && row.subject === id)) return [];
    return [
      unexplained("I10", `${id} waits (${types.at(-1)}), and no row of ${stage} would ever move it on`),
    ];
  });
  return [...left, ...stuck];
}

import { playRound } from "../harness/round.ts";
import { setClock, withOwnClock } from "../harness/shifted-clock.ts";
import type { Lane } from "../harness/lane.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

const lane: LaneKind = { name: "clocks", point: withOwnClock };
const minute = 60_000;
/** Less than the clock is ever off by. */
const longestRoundMs = 5 * minute;

/** Where the clock stands before the alert, before its approval, before the roll-back and before that one's approval. */
const courses: Record<string, readonly [number, number, number, number]> = {
  "ten minutes ahead": [10, 10, 10, 10],
  "ten minutes behind": [-10, -10, -10, -10],
  "jumps back while a change waits": [10, -10, 10, -10],
  "jumps beyond the end of an approval": [0, 45, 0, 45],
};

/** T20: the process's clock is wrong or jumps; ends of approvals, leases and the ledger's times are the database's. */
export const trials: readonly Trial[] = Object.entries(courses).map(
  ([name, [first, second, third, fourth]]): Trial => ({
    name: `clock ${name}`,
    kind: "clock",
    lane,
    times: { quick: 1, full: 3 },
    async run(lane) {
      const set = (minutes: number) => () => setClock(lane, minutes * minute);
      const before = await countEvents(lane);
      try {
        await playRound(lane, {
          beforeAlert: set(first),
          async beforeApproval() {
            await expectTimesOfDatabase(lane, before);
            await setClock(lane, second * minute);
          },
          beforeRollBack: set(third),
          beforeReverseApproval: set(fourth),
          verdict: true,
        });
      } finally {
        await setClock(lane, 0);
      }
      await expectTimesOfDatabase(lane, before);
      return new Set([first, second, third, fourth].filter((at) => at !== 0)).size;
    },
  }),
);

async function expectTimesOfDatabase(lane: Lane, before: number): Promise<void> {
  const { rows } = await lane.withPool((pool) =>
    pool.query<{ stream: string; type: string; at: string }>(
      "select stream, type, at from signalman.events order by seq offset $1",
      [before],
    ),
  );
  const wrong = rows.find(({ at }) => Math.abs(Date.parse(at) - Date.now()) > longestRoundMs);
  if (wrong !== undefined)
    throw new Error(`T20: ${wrong.type} of ${wrong.stream} happened at ${wrong.at}, says the ledger`);
}

function countEvents(lane: Lane): Promise<number> {
  return lane.withPool(async (pool) => (await pool.query("select from signalman.events")).rowCount ?? 0);
}

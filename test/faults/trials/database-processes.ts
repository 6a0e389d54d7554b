import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { keeperPid, serverPid } from "../../e2e/embedded-postgres/holder.ts";
import { until } from "../../support/until.ts";
import type { Lane } from "../harness/lane.ts";
import { playRound } from "../harness/round.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";

const lane: LaneKind = { name: "processes of the embedded database" };

/** The database that came along, the process that keeps it, and Signalman: each may end alone, or all at once. */
function killed(name: string, whom: readonly ("keeper" | "database" | "signalman")[]): Trial {
  return {
    name: `kill -9 of ${name}`,
    kind: "kill -9 of the database's processes",
    stores: ["embedded"],
    lane,
    times: { quick: 1, full: 20 },
    async run(on, draw) {
      const moment = draw.between(0, 2_500);
      const strike = async (): Promise<void> => {
        await delay(moment);
        await on.ready();
        const pids = await pidsOf(on);
        if (whom.includes("signalman")) on.processes[0]?.kill9();
        for (const each of ["keeper", "database"] as const) {
          if (!whom.includes(each)) continue;
          on.note(`kill -9 of the ${each} ${pids[each]}`);
          process.kill(pids[each], "SIGKILL");
        }
      };
      await Promise.all([playRound(on), strike()]);
      return 1;
    },
  };
}

/**
 * There may be none for a moment: after a kill whoever looks at the tables first, the campaign too, starts the server,
 * which ends with it, and Signalman starts it again.
 */
function pidsOf({ dataFolder }: Lane): Promise<{ keeper: number; database: number }> {
  const home = join(dataFolder, "postgres");
  return until("a keeper and a server to kill", async () => {
    const [keeper, database] = [await keeperPid(home), await serverPid(home)];
    return keeper === undefined || database === undefined ? null : { keeper, database };
  });
}

export const trials: Trial[] = [
  killed("the keeper", ["keeper"]),
  killed("the database", ["database"]),
  killed("all three", ["keeper", "database", "signalman"]),
];

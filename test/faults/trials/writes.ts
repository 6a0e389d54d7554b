import { setTimeout as delay } from "node:timers/promises";
import { flagOf } from "../../../src/sandbox/world/trouble.ts";
import { until } from "../../support/until.ts";
import type { Lane } from "../harness/lane.ts";
import { longerThanALeaseMs, pausedAt, pausePoints, replicas } from "../harness/pause.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";
import { type Wish, wishFor } from "../harness/wish.ts";

const kind = "write";
const lane: LaneKind = { name: "writes", patches: pausePoints };

/** The one write to FeatBit, where somebody might be led to send it once more, or without its record. */
export const trials: readonly Trial[] = [
  {
    name: "answer to the write is lost, and a person turns the flag back",
    kind,
    lane,
    async run(lane) {
      const wish = await wishFor(lane);
      const { featbit } = lane.world;
      featbit.inject({
        server: "api",
        method: "PUT",
        path: flagOf.checkout,
        when: "after",
        does: { kind: "drop" },
      });
      await wish.approvedBy("ruth");
      await turnBack(wish);
      await wish.cardSaying("\\*Applied\\*");
      onlyOnce(wish);
      return 1;
    },
  },
  {
    name: "stopped for longer than the lease just before the write",
    kind,
    lane: replicas,
    async run(lane) {
      const wish = await wishFor(lane);
      const before = handedOver(lane);
      await pausedAt(
        lane,
        "before the lease is looked at",
        () => wish.approvedBy("ruth"),
        async () => {
          await delay(longerThanALeaseMs);
          // The other replica has taken over and written; somebody takes that back, and then the first one wakes.
          await turnBack(wish);
        },
      );
      await wish.cardSaying("\\*Applied\\*");
      await until(
        "the one that was stopped to find out",
        () => wish.writes() > 1 || handedOver(lane) > before,
      );
      onlyOnce(wish);
      return 1;
    },
  },
  {
    name: "ledger cannot be written when the write is due",
    kind,
    lane,
    async run(lane) {
      const wish = await wishFor(lane);
      await lane.withPool(async (pool) => {
        await pool.query(`
          create function signalman.no_more_events() returns trigger language plpgsql as
            $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$;
          create trigger no_more_events before insert on signalman.events for each row
            when (new.type = 'execution_started') execute function signalman.no_more_events()`);
        try {
          await wish.approvedBy("ruth");
          for (const end = performance.now() + 2_500; performance.now() < end; await delay(50)) {
            if (wish.writes() > 0)
              throw new Error("T18: it was written although the ledger could not say so before");
          }
        } finally {
          await pool.query(
            "drop trigger no_more_events on signalman.events; drop function signalman.no_more_events()",
          );
        }
      });
      await wish.cardSaying("\\*Applied\\*");
      return 1;
    },
  },
];

/** How often a process has found its work in other hands. */
function handedOver(lane: Lane): number {
  return lane.log().split("Another worker holds this work now").length - 1;
}

/** As soon as Signalman has written, somebody takes it back on FeatBit's screens. */
async function turnBack(wish: Wish): Promise<void> {
  await until("Signalman to write", () => wish.writes() > 0, { everyMs: 5, timeoutMs: 30_000 });
  await wish.turn(wish.stood);
}

function onlyOnce(wish: Wish): void {
  if (wish.writes() > 1)
    throw new Error(`I3: ${wish.changeId} took effect ${wish.writes()} times, at last over a person's work`);
}

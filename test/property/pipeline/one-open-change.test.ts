import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isOpen } from "../../../src/domain/change/change.ts";
import { closeChange } from "../../../src/pipeline/people/close-change.ts";
import { revert } from "../../../src/pipeline/people/start-linked-change.ts";
import { ringTimer } from "../../../src/pipeline/ring-timer.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { createWorld, type World } from "../../unit/pipeline/world.ts";

type Step = "propose" | "approve" | "reject" | "execute" | "lose the answer" | "expire" | "revert" | "close";

async function newest(world: World) {
  const [loaded] = await world.store.ledger.changes({ limit: 1 });
  return loaded?.state ?? null;
}

async function play(step: Step, world: World): Promise<void> {
  if (step === "propose") {
    // Refused while another one is open, or where there is nothing to change: both are fine here.
    await world.propose().catch((error: unknown) => {
      if (!(error instanceof Error) || !/flag_busy|already so/.test(error.message)) throw error;
    });
    return;
  }
  const change = await newest(world);
  if (change === null) return;
  const { id } = change;
  switch (step) {
    case "approve":
      return void (await world.vote(id, "U0REX"));
    case "reject":
      return void (await world.vote(id, "U0REX", { vote: "reject", rationale: "no" }));
    case "execute":
      return world.execute(id);
    case "lose the answer":
      world.flags.fates.push("lost", "answer_lost");
      return world.execute(id);
    case "expire":
      world.clock.advance(31 * 60_000);
      return world.drain("expire", id, (item) => ringTimer("expire", item, world.deps));
    case "revert":
      return void (await revert({ changeId: id, userId: "U0RITA", reason: "" }, world.deps));
    case "close":
      return void (await closeChange(
        { changeId: id, userId: "U0REX", resolution: "clean_up", owner: "rex", note: "", reviewAt: null },
        world.deps,
      ));
  }
}

const step = fc.constantFrom<Step[]>(
  "propose",
  "propose",
  "approve",
  "approve",
  "execute",
  "execute",
  "reject",
  "lose the answer",
  "expire",
  "revert",
  "revert",
  "close",
);

test("whatever people and timers do, a flag never has two open changes", async () => {
  let most = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14, size: "max" }), async (steps) => {
      const world = createWorld();
      for (const each of steps) {
        await play(each, world);
        const changes = await world.store.ledger.changes({ limit: 100 });
        expect(changes.filter(({ state }) => isOpen(state.status)).length).toBeLessThanOrEqual(1);
        most = Math.max(most, changes.length);
      }
    }),
    seeded("one open change", 1000),
  );
  // Histories without a second change would show nothing.
  expect(most).toBeGreaterThan(2);
});

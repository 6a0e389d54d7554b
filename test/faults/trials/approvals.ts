import { setTimeout as delay } from "node:timers/promises";
import { groups } from "../../../src/sandbox/world/people.ts";
import { patiently } from "../harness/patiently.ts";
import { pausedAt, pausePoints } from "../harness/pause.ts";
import type { LaneKind, Trial } from "../harness/trial.ts";
import { type Wish, wishFor } from "../harness/wish.ts";

const kind = "approval";
const lane: LaneKind = { name: "approvals", patches: pausePoints };
/** So long is waited for a write that must not come. */
const quietMs = 1_500;

/** What people do wrong, or what changes under them, between the card and the write. */
export const trials: readonly Trial[] = [
  {
    name: "approver loses the role before the write",
    kind,
    lane,
    async run(lane) {
      const wish = await wishFor(lane);
      const release = groups.find(({ id }) => id === "S0RELEASE");
      if (release === undefined) throw new Error("there are no release managers");
      const { workspace } = lane.world.slack;
      await pausedAt(
        lane,
        "approved",
        () => wish.approvedBy("ruth"),
        // Nobody awaits the event: the one who would acknowledge it is stopped.
        () => void workspace.setUserGroup(release.id, [lane.world.people.pavel.id]),
      );
      await nothingIsWritten(
        wish,
        "I4: it was written although its only approver was no release manager any more",
      );
      await workspace.setUserGroup(release.id, release.users);
      await wish.approvedBy("pavel");
      await wish.cardSaying("\\*Applied\\*");
      return 1;
    },
  },
  {
    name: "approval of another digest",
    kind,
    lane,
    async run(lane) {
      const wish = await wishFor(lane);
      const { slack, people } = lane.world;
      const ruth = slack.as(people.ruth.id);
      const view = await patiently(async () => {
        const pressed = await ruth.click(wish.card.channel, wish.card.ts, "approve");
        return pressed.view(({ submit }) => submit !== undefined, 5_000);
      });
      const form = JSON.stringify(ruth.submitPayload(view.id, { rationale: "As agreed." }));
      const forged = form.replaceAll(/sha256:[0-9a-f]{64}/g, `sha256:${"0".repeat(64)}`);
      if (forged === form) throw new Error("the form carries no digest that could be another one");
      await slack.sendRaw(JSON.parse(forged));
      await nothingIsWritten(wish, "I4: it was written by an approval whose digest is not that of the plan");
      await wish.approvedBy("ruth");
      await wish.cardSaying("\\*Applied\\*");
      return 1;
    },
  },
  {
    name: "whoever asked approves alone",
    kind,
    lane,
    async run(lane) {
      const wish = await wishFor(lane, "ruth");
      await wish.approvedBy("ruth");
      await nothingIsWritten(wish, "T10: Ruth Lindqvist asked for a change and approved it alone");
      await wish.approvedBy("pavel");
      await wish.cardSaying("\\*Applied\\*");
      return 1;
    },
  },
  {
    name: "flag moves between card and click",
    kind,
    lane,
    async run(lane) {
      const wish = await wishFor(lane);
      await wish.turn(!wish.stood);
      await wish.turn(wish.stood);
      await wish.approvedBy("ruth");
      await nothingIsWritten(wish, "I5: it was written over a revision that nobody approved");
      await wish.cardSaying("[Ss]uperseded");
      return 1;
    },
  },
];

async function nothingIsWritten(wish: Wish, otherwise: string): Promise<void> {
  for (const end = performance.now() + quietMs; performance.now() < end; await delay(50)) {
    if (wish.writes() > 0) throw new Error(otherwise);
  }
}

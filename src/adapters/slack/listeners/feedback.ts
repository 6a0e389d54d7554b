import { tell } from "../answer-person.ts";
import type { Front } from "../front.ts";
import { within } from "../within.ts";
import { actAndTell, onClick } from "./on-click.ts";
import { verifyIncidentClick } from "./verify-click.ts";

/** "Useful" and "Not useful" on a card without a change. */
export function listenToFeedback(front: Front): void {
  for (const [actionId, useful] of [
    ["useful", true],
    ["not_useful", false],
  ] as const) {
    onClick(front, actionId, async (click) => {
      const verified = await within(
        front.limits.answerWithinMs,
        "Checking it",
        verifyIncidentClick(front, click),
      );
      if (verified.kind === "tell") return tell(front, click, verified.lines);
      const { userId } = click;
      await actAndTell(front, click, () =>
        front.actions.giveFeedback({ incidentId: verified.subject, userId, useful }),
      );
    });
  }
}

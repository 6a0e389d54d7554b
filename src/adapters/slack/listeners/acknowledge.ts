import { tell } from "../answer-person.ts";
import type { Front } from "../front.ts";
import { within } from "../within.ts";
import { actAndTell, onClick } from "./on-click.ts";
import { verifyIncidentClick } from "./verify-click.ts";

export function listenToAcknowledge(front: Front): void {
  onClick(front, "acknowledge", async (click) => {
    const verified = await within(
      front.limits.answerWithinMs,
      "Checking it",
      verifyIncidentClick(front, click),
    );
    if (verified.kind === "tell") return tell(front, click, verified.lines);
    const { userId } = click;
    await actAndTell(front, click, () => front.actions.acknowledge({ incidentId: verified.subject, userId }));
  });
}

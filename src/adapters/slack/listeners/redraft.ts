import { tell } from "../answer-person.ts";
import type { Front } from "../front.ts";
import { within } from "../within.ts";
import { actAndTell, onClick } from "./on-click.ts";
import { verifyClick } from "./verify-click.ts";

/** "Redraft" on a card whose change the flag has outrun. */
export function listenToRedraft(front: Front): void {
  onClick(front, "redraft", async (click) => {
    const verified = await within(front.limits.answerWithinMs, "Checking it", verifyClick(front, click));
    if (verified.kind === "tell") return tell(front, click, verified.lines);
    const { userId } = click;
    await actAndTell(front, click, () => front.actions.redraft({ changeId: verified.subject.id, userId }));
  });
}

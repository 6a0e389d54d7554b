import { tell } from "../answer-person.ts";
import type { Front } from "../front.ts";
import { within } from "../within.ts";
import { actAndTell, onClick } from "./on-click.ts";
import { verifyClick } from "./verify-click.ts";

export function listenToRestore(front: Front): void {
  onClick(front, "restore", async (click) => {
    const verified = await within(front.limits.answerWithinMs, "Checking it", verifyClick(front, click));
    if (verified.kind === "tell") return tell(front, click, verified.lines);
    const { userId } = click;
    await actAndTell(front, click, () =>
      front.actions.restoreOverwritten({ changeId: verified.subject.id, userId }),
    );
  });
}

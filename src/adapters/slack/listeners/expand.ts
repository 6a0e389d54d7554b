import type { Front } from "../front.ts";
import { expandModal } from "../modals/linked-change-modals.ts";
import { opensModal } from "./opens-modal.ts";

export function listenToExpand(front: Front): void {
  opensModal(front, { actionId: "expand", action: "propose" }, async (change, click) => {
    const expansions = await front.actions.expansions(change.id);
    return expansions.length === 0
      ? "There is no wider step any more. Nothing was done."
      : expandModal(change, click.channel, expansions);
  });
}

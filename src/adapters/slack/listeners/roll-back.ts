import type { Front } from "../front.ts";
import { rollBackModal } from "../modals/linked-change-modals.ts";
import { opensModal } from "./opens-modal.ts";

export function listenToRollBack(front: Front): void {
  opensModal(front, { actionId: "roll_back", action: "revert" }, (change, click) =>
    rollBackModal(change, click.channel),
  );
}

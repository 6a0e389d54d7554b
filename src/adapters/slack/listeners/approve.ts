import type { Front } from "../front.ts";
import { voteModal } from "../modals/vote-modal.ts";
import { opensModal } from "./opens-modal.ts";

export function listenToApprove(front: Front): void {
  opensModal(front, { actionId: "approve", action: "approve" }, (change, click) =>
    voteModal(change, click.channel, "approve"),
  );
}

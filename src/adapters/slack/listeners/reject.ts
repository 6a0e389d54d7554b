import type { Front } from "../front.ts";
import { voteModal } from "../modals/vote-modal.ts";
import { opensModal } from "./opens-modal.ts";

export function listenToReject(front: Front): void {
  opensModal(front, { actionId: "reject", action: "reject" }, (change, click) =>
    voteModal(change, click.channel, "reject"),
  );
}

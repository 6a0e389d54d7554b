import type { Front } from "../front.ts";
import { closureModal } from "../modals/closure-modal.ts";
import { opensModal } from "./opens-modal.ts";

/** Keep and Clean up, on the card and in the private list of `/ops cleanup`: one form, two ends. */
export function listenToClose(front: Front): void {
  for (const resolution of ["keep", "clean_up"] as const) {
    opensModal(front, { actionId: resolution, action: "close", inPrivateLists: true }, (change, click) =>
      closureModal(change, click.channel, resolution, click.userId, front.now()),
    );
  }
}

import type { Front } from "../front.ts";
import { detailsModal } from "../modals/details-modal.ts";
import { openModal } from "../modals/open-modal.ts";
import { onClick } from "./on-click.ts";
import { verifyClick } from "./verify-click.ts";

export function listenToDetails(front: Front): void {
  onClick(front, "details", (click) =>
    openModal(front, click, async () => {
      const verified = await verifyClick(front, click);
      if (verified.kind === "tell") return verified;
      const view = await front.desk.incident(verified.subject.incidentId);
      return {
        kind: "modal",
        view: detailsModal(verified.subject, view, front.consoleUrl?.(verified.subject.id) ?? null),
      };
    }),
  );
}

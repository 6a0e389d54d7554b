import { answerLines } from "../answer-person.ts";
import type { Front } from "../front.ts";
import {
  closeIncidentCallback,
  CloseIncidentMetadata,
  closeIncidentModal,
} from "../modals/close-incident-modal.ts";
import { openModal, type Prepared } from "../modals/open-modal.ts";
import { onClick } from "./on-click.ts";
import { onForm } from "./on-submission.ts";
import { verifyIncidentClick } from "./verify-click.ts";

/** "Close incident" on the card, and its form. */
export function listenToCloseIncident(front: Front): void {
  onClick(front, "close_incident", (click) =>
    openModal(front, click, async (): Promise<Prepared> => {
      const verified = await verifyIncidentClick(front, click);
      if (verified.kind === "tell") return verified;
      const incidentId = verified.subject;
      const answer = await front.actions.checkCloseIncident({ incidentId, userId: click.userId });
      if (answer.kind !== "done") return { kind: "tell", lines: await answerLines(front, answer) };
      return { kind: "modal", view: closeIncidentModal({ incidentId, channel: click.channel }) };
    }),
  );
  onForm(
    front,
    closeIncidentCallback,
    CloseIncidentMetadata,
    ({ metadata: { incidentId }, userId, text }) => {
      const reason = text("reason");
      if (reason === "") return { kind: "errors", errors: { reason: "Say why: it is kept in the ledger." } };
      return { kind: "act", act: () => front.actions.closeIncident({ incidentId, userId, reason }) };
    },
  );
}

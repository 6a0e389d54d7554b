import { durationMs } from "../../../domain/policy/governance-contract.ts";
import { answerLines } from "../answer-person.ts";
import type { Front } from "../front.ts";
import { muteCallback, muteChoices, MuteMetadata, muteModal } from "../modals/mute-modal.ts";
import { openModal, type Prepared } from "../modals/open-modal.ts";
import { onClick } from "./on-click.ts";
import { onForm } from "./on-submission.ts";
import { verifyIncidentClick } from "./verify-click.ts";

/** "Mute service" on the card, and its form. */
export function listenToMutes(front: Front): void {
  onClick(front, "mute_service", (click) =>
    openModal(front, click, async (): Promise<Prepared> => {
      const verified = await verifyIncidentClick(front, click);
      if (verified.kind === "tell") return verified;
      const view = await front.desk.incident(verified.subject);
      const service = view?.incident.scope?.service;
      if (service === undefined) return { kind: "tell", lines: ["This incident is of no service."] };
      const answer = await front.actions.checkMute({ service, userId: click.userId });
      if (answer.kind !== "done") return { kind: "tell", lines: await answerLines(front, answer) };
      return { kind: "modal", view: muteModal({ service, channel: click.channel }) };
    }),
  );
  onForm(front, muteCallback, MuteMetadata, ({ metadata, userId, text, choice }) => {
    const reason = text("reason");
    if (reason === "") return { kind: "errors", errors: { reason: "Say why: it is kept in the ledger." } };
    const duration = muteChoices.find(({ value }) => value === choice("duration"))?.value;
    if (duration === undefined) return { kind: "errors", errors: { duration: "Choose for how long." } };
    const forMs = durationMs(duration);
    return {
      kind: "act",
      act: () => front.actions.mute({ service: metadata.service, forMs, reason, userId }),
    };
  });
}

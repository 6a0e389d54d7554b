import { durationMs } from "../../../domain/policy/governance-contract.ts";
import { answerLines } from "../answer-person.ts";
import type { Front } from "../front.ts";
import {
  overrideCallback,
  overrideChoices,
  OverrideMetadata,
  overrideModal,
  resumeCallback,
  ResumeMetadata,
  resumeModal,
  wishOf,
} from "../modals/override-modal.ts";
import { openModal, type Prepared } from "../modals/open-modal.ts";
import { onClick } from "./on-click.ts";
import { onForm } from "./on-submission.ts";
import { verifyIncidentClick } from "./verify-click.ts";

/** The buttons of `/ops controls`, "Pause Signalman" on the card, and their forms. */
export function listenToOverrides(front: Front): void {
  for (const kind of OverrideMetadata.shape.kind.options) {
    // Who may depends on where, which the form asks: its answer is checked.
    onClick(front, `control_${kind}`, (click) =>
      openModal(front, click, async (): Promise<Prepared> => ({
        kind: "modal",
        view: overrideModal({ kind, channel: click.channel }, front.desk.services()),
      })),
    );
  }
  listenToPause(front);
  onForm(front, overrideCallback, OverrideMetadata, ({ metadata, userId, text, choice }) => {
    const reason = text("reason");
    if (reason === "") return { kind: "errors", errors: { reason: "Say why: it is kept in the ledger." } };
    const duration = overrideChoices.find(({ value }) => value === choice("duration"))?.value;
    if (duration === undefined) return { kind: "errors", errors: { duration: "Choose for how long." } };
    const scope = choice("scope");
    if (scope === null) return { kind: "errors", errors: { scope: "Choose where." } };
    const wish = wishOf(metadata.kind, choice);
    if (wish === null)
      return { kind: "errors", errors: { [metadata.kind === "deny" ? "tool" : "mode"]: "Choose one." } };
    const forMs = durationMs(duration);
    return { kind: "act", act: () => front.actions.override({ scope, wish, forMs, reason, userId }) };
  });
  listenToResume(front);
}

function listenToPause(front: Front): void {
  onClick(front, "pause_signalman", (click) =>
    openModal(front, click, async (): Promise<Prepared> => {
      const verified = await verifyIncidentClick(front, click);
      if (verified.kind === "tell") return verified;
      const view = await front.desk.incident(verified.subject);
      const service = view?.incident.scope?.service;
      if (service !== undefined) {
        const answer = await front.actions.checkAuthority({
          scope: service,
          asked: "override",
          userId: click.userId,
        });
        if (answer.kind !== "done") return { kind: "tell", lines: await answerLines(front, answer) };
      }
      const services = service === undefined ? front.desk.services() : [service];
      return { kind: "modal", view: overrideModal({ kind: "pause", channel: click.channel }, services) };
    }),
  );
}

function listenToResume(front: Front): void {
  onClick(front, "control_resume", (click) =>
    openModal(front, click, async (): Promise<Prepared> => {
      const { value, userId, channel } = click;
      if (value?.kind !== "scope") {
        return { kind: "tell", lines: ["This is not a button that Signalman knows. Nothing was done."] };
      }
      const { scope } = value;
      const answer = await front.actions.checkAuthority({ scope, asked: "resume", userId });
      if (answer.kind !== "done") return { kind: "tell", lines: await answerLines(front, answer) };
      return { kind: "modal", view: resumeModal({ scope, channel }) };
    }),
  );
  onForm(front, resumeCallback, ResumeMetadata, ({ metadata: { scope }, userId, text }) => {
    const reason = text("reason");
    if (reason === "") return { kind: "errors", errors: { reason: "Say why: it is kept in the ledger." } };
    return { kind: "act", act: () => front.actions.resume({ scope, reason, userId }) };
  });
}

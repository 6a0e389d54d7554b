import { z } from "zod";
import { Severity } from "../../../domain/alert.ts";
import { Confidence } from "../../../domain/assessment.ts";
import type { StandingId } from "../../../domain/ids.ts";
import type { StandingWish } from "../../../pipeline/ports/person-actions.ts";
import { answerLines, tell } from "../answer-person.ts";
import type { Front } from "../front.ts";
import { openModal, type Prepared } from "../modals/open-modal.ts";
import {
  anything,
  placeText,
  plainTools,
  revokeCallback,
  RevokeMetadata,
  revokeModal,
  standingCallback,
  StandingMetadata,
  standingModal,
} from "../modals/standing-modal.ts";
import { actAndTell, type Click, onClick } from "./on-click.ts";
import { onForm, type Submission } from "./on-submission.ts";
import { verifyClick } from "./verify-click.ts";

/** "Allow again …" on the card, the buttons of `/ops standing`, and their forms. */
export function listenToStandings(front: Front): void {
  onClick(front, "allow_again", (click) =>
    openModal(front, click, async (): Promise<Prepared> => {
      const verified = await verifyClick(front, click);
      if (verified.kind === "tell") return verified;
      const change = verified.subject;
      const answer = await front.actions.checkStanding({ changeId: change.id, userId: click.userId });
      if (answer.kind !== "done") return { kind: "tell", lines: await answerLines(front, answer) };
      return {
        kind: "modal",
        view: standingModal({ channel: click.channel, changeId: change.id }, change, []),
      };
    }),
  );
  // Who may depends on which flag, which the form asks: its answer is checked.
  onClick(front, "standing_grant", (click) =>
    openModal(front, click, async (): Promise<Prepared> => ({
      kind: "modal",
      view: standingModal({ channel: click.channel, changeId: null }, null, front.desk.environments()),
    })),
  );
  onClick(front, "standing_agree", async (click) => {
    const standingId = standingOf(click);
    if (standingId === null) return tell(front, click, [notOurs]);
    const { userId } = click;
    await actAndTell(front, click, () => front.actions.endorseStanding({ standingId, userId }));
  });
  onClick(front, "standing_revoke", (click) =>
    openModal(front, click, async (): Promise<Prepared> => {
      const id = standingOf(click);
      if (id === null) return { kind: "tell", lines: [notOurs] };
      const standing = (await front.desk.standings()).find((each) => each.id === id);
      if (standing === undefined) return { kind: "tell", lines: [`${id} is over or revoked already.`] };
      return { kind: "modal", view: revokeModal(standing, click.channel) };
    }),
  );
  onForm(front, standingCallback, StandingMetadata, (submission) => {
    const wish = wishOf(front, submission);
    return "errors" in wish
      ? { kind: "errors", errors: wish.errors }
      : { kind: "act", act: () => front.actions.requestStanding(wish) };
  });
  onForm(front, revokeCallback, RevokeMetadata, ({ metadata: { standingId }, userId, text }) => {
    const reason = text("reason");
    if (reason === "") return { kind: "errors", errors: { reason: "Say why: it is kept in the ledger." } };
    return { kind: "act", act: () => front.actions.revokeStanding({ standingId, reason, userId }) };
  });
}

const any = z.literal(anything).transform(() => null);

const notOurs = "This is not a button that Signalman knows. Nothing was done.";

function standingOf({ value }: Click): StandingId | null {
  return value?.kind === "standing" ? value.standingId : null;
}

function wishOf(
  front: Front,
  submission: Submission<StandingMetadata>,
): StandingWish | { errors: Record<string, string> } {
  const { userId, text, choice } = submission;
  const reason = text("reason");
  if (reason === "") return { errors: { reason: "Say why: it is kept in the ledger." } };
  const of = subjectOf(front, submission);
  if ("errors" in of) return of;
  // What was not chosen is no wish for the widest.
  const severity = Severity.or(any).safeParse(choice("severity"));
  if (!severity.success) return { errors: { severity: "Choose one." } };
  const confidence = Confidence.or(any).safeParse(choice("confidence"));
  if (!confidence.success) return { errors: { confidence: "Choose one." } };
  return {
    of,
    severity: severity.data,
    confidence: confidence.data,
    maxUses: Number(choice("uses") ?? "1"),
    forMs: Number(choice("hours") ?? "1") * 3_600_000,
    reason,
    userId,
  };
}

function subjectOf(
  { desk }: Front,
  { metadata: { changeId }, text, choice }: Submission<StandingMetadata>,
): StandingWish["of"] | { errors: Record<string, string> } {
  if (changeId !== null) return { kind: "change", changeId };
  const place = desk.environments().find((each) => placeText(each) === choice("place"));
  if (place === undefined) return { errors: { place: "Choose where." } };
  const tool = plainTools.find(({ value }) => value === choice("tool"))?.value;
  if (tool === undefined) return { errors: { tool: "Choose what may be done." } };
  const flagKey = text("flag");
  if (flagKey === "") return { errors: { flag: "Say which flag, by its key." } };
  return { kind: "flag", service: place.service, environmentName: place.name, flagKey, tool };
}

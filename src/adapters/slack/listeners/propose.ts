import type { ModalView } from "@slack/types";
import { answerLines, failureLines } from "../answer-person.ts";
import { type FlagPlace, parseFlagPlace } from "../flag-place.ts";
import type { Front } from "../front.ts";
import { notice, openModal, type Prepared, waiting } from "../modals/open-modal.ts";
import {
  proposeCallback,
  proposeFlagCallback,
  ProposeFlagMetadata,
  ProposeMetadata,
  proposeModal,
} from "../modals/propose-modals.ts";
import { within } from "../within.ts";
import { onClick } from "./on-click.ts";
import { onForm, readSubmission } from "./on-submission.ts";

/** The button of a flag, and the two forms in which a person asks for a change. */
export function listenToProposals(front: Front): void {
  onClick(front, "propose_change", (click) =>
    openModal(front, click, async (): Promise<Prepared> => {
      const place = parseFlagPlace(click.text);
      if (place === null) return { kind: "tell", lines: ["This is not a button that Signalman knows."] };
      return prepare(front, place, click.userId, click.channel);
    }),
  );
  listenToFlagChoice(front);
  onForm(front, proposeCallback, ProposeMetadata, ({ metadata, userId, text, choice }) => {
    const { channel: _, ...place } = metadata;
    const choiceId = choice("operation");
    const reason = text("reason");
    const percent = percentOf(text("percent"));
    if (choiceId === null) return { kind: "errors", errors: { operation: "Choose what to do." } };
    if (reason === "") return { kind: "errors", errors: { reason: "Say why: it is kept in the ledger." } };
    if (percent === undefined) {
      return { kind: "errors", errors: { percent: "A number from 0 to 100, with at most three decimals." } };
    }
    const userKeys = text("users")
      .split(/[\n,]/)
      .map((key) => key.trim())
      .filter((key) => key !== "");
    return {
      kind: "act",
      act: () => front.actions.propose({ ...place, userId, choiceId, percent, userKeys, reason }),
    };
  });
}

/** The first form is answered at once with a waiting one: reading the flag may take longer than Slack waits. */
function listenToFlagChoice(front: Front): void {
  front.app.view(proposeFlagCallback, async ({ ack, body, view }) => {
    const submission = readSubmission(front, body, ProposeFlagMetadata);
    if (submission === null) {
      await ack();
      return;
    }
    const { userId, metadata, text, choice } = submission;
    const chosen = front.desk.environments()[Number(choice("environment") ?? Number.NaN)];
    const flagKey = text("flag");
    if (chosen === undefined || flagKey === "") {
      await ack({
        response_action: "errors",
        errors:
          chosen === undefined ? { environment: "Choose where." } : { flag: "Name the flag by its key." },
      });
      return;
    }
    await ack({ response_action: "update", view: waiting });
    const { project, environment } = chosen;
    const place = { project, environment, flagKey };
    const prepared = await within(
      front.limits.answerWithinMs,
      "Reading the flag",
      prepare(front, place, userId, metadata.channel),
    ).catch((error: unknown): Prepared => ({ kind: "tell", lines: failureLines(front, error, "propose") }));
    const next: ModalView = prepared.kind === "modal" ? prepared.view : notice(prepared.lines);
    await front.client.views.update({ view_id: view.id, view: next }).catch((error: unknown) => {
      // The person has closed it in the meantime.
      front.log.debug({ intent: "propose" }, `The form could not be filled: ${String(error)}`);
    });
  });
}

async function prepare(front: Front, place: FlagPlace, userId: string, channel: string): Promise<Prepared> {
  const offered = await front.actions.offerOperations({ ...place, userId });
  if (offered.kind !== "offered") return { kind: "tell", lines: await answerLines(front, offered) };
  if (offered.choices.length === 0) return { kind: "tell", lines: ["Nothing can be asked of this flag."] };
  return { kind: "modal", view: proposeModal(place, channel, offered.choices) };
}

/** Null where nothing was typed, undefined where it is no share. */
function percentOf(text: string): number | null | undefined {
  if (text === "") return null;
  const plain = text.replace(/\s*%$/, "").replace(",", ".");
  if (!/^\d{1,3}(\.\d{1,3})?$/.test(plain)) return undefined;
  const percent = Number(plain);
  return percent <= 100 ? percent : undefined;
}

import { answerLines, failureLines, tell } from "../answer-person.ts";
import type { Front } from "../front.ts";
import { inPersonSpan, type PersonsAct } from "../in-person-span.ts";
import { fieldAction } from "../modals/fields.ts";
import type { z } from "zod";
import { ModalMetadata, readMetadata } from "../modals/modal-metadata.ts";
import type { ActionAnswer } from "../../../pipeline/ports/person-actions.ts";
import { WireSubmission } from "../wire.ts";
import { within } from "../within.ts";

type Field = WireSubmission["view"]["state"]["values"][string][string];

export interface Submission<Metadata = ModalMetadata> {
  userId: string;
  metadata: Metadata;
  /** Text of a field, trimmed; empty where nothing was entered. */
  text: (blockId: string) => string;
  person: (blockId: string) => string | null;
  /** Epoch ms. */
  dateMs: (blockId: string) => number | null;
  choice: (blockId: string) => string | null;
}

export type Reading =
  /** Complaints beside fields, by block id: the modal stays open. */
  { kind: "errors"; errors: Record<string, string> } | { kind: "act"; act: () => Promise<ActionAnswer> };

/** Registers the handler of a modal about a change. */
export function onSubmission(
  front: Front,
  callbackId: string,
  read: (submission: Submission) => Reading,
): void {
  onForm(front, callbackId, ModalMetadata, read);
}

/** Registers the handler of a modal: checks the fields at once, closes it, then acts and answers privately. */
export function onForm<Metadata extends { channel: string }>(
  front: Front,
  callbackId: string,
  shape: z.ZodType<Metadata>,
  read: (submission: Submission<Metadata>) => Reading,
): void {
  front.app.view(callbackId, async ({ ack, body }) => {
    const submission = readSubmission(front, body, shape);
    if (submission === null) {
      front.log.warn({ intent: callbackId }, "A form was ignored: it is not of this app and workspace.");
      await ack();
      return;
    }
    const where = { channel: submission.metadata.channel, userId: submission.userId };
    try {
      const reading = read(submission);
      if (reading.kind === "errors") {
        await ack({ response_action: "errors", errors: reading.errors });
        return;
      }
      await ack();
      const about = subjectOf(submission.metadata);
      await inPersonSpan(front, { kind: "form", name: callbackId, about }, async () => {
        const answer = await within(front.limits.actWithinMs, "Recording it", reading.act());
        await tell(front, where, await answerLines(front, answer));
      });
    } catch (error) {
      await tell(front, where, failureLines(front, error, callbackId));
    }
  });
}

function subjectOf(metadata: object): PersonsAct["about"] {
  if ("changeId" in metadata) return { changeId: String(metadata.changeId) };
  return "incidentId" in metadata ? { incidentId: String(metadata.incidentId) } : undefined;
}

export function readSubmission<Metadata>(
  front: Front,
  body: unknown,
  shape: z.ZodType<Metadata>,
): Submission<Metadata> | null {
  const parsed = WireSubmission.safeParse(body);
  if (!parsed.success) return null;
  const { team, user, api_app_id, view } = parsed.data;
  if (team.id !== front.teamId || api_app_id !== front.appId) return null;
  if (view.app_id != null && view.app_id !== front.appId) return null;
  const metadata = readMetadata(view.private_metadata, shape);
  if (metadata === null) return null;
  const field = (blockId: string): Field | undefined => view.state.values[blockId]?.[fieldAction];
  return {
    userId: user.id,
    metadata,
    text: (blockId) => (field(blockId)?.value ?? "").trim(),
    person: (blockId) => field(blockId)?.selected_user ?? null,
    dateMs: (blockId) => {
      const seconds = field(blockId)?.selected_date_time ?? null;
      return seconds === null ? null : seconds * 1000;
    },
    choice: (blockId) => field(blockId)?.selected_option?.value ?? null,
  };
}

import type { ModalView } from "@slack/types";
import { failureLines, tell } from "../answer-person.ts";
import { plainObject, section } from "../blocks.ts";
import type { Front } from "../front.ts";
import type { Click } from "../listeners/on-click.ts";
import { slackCode, toOpsError } from "../slack-failure.ts";
import { WireOpenedView } from "../wire.ts";
import { soon, within } from "../within.ts";

export type Prepared = { kind: "modal"; view: ModalView } | { kind: "tell"; lines: string[] };

/** What opens a modal, and where its failure is told. */
export type Trigger = Pick<Click, "channel" | "userId" | "triggerId">;

/**
 * Opens what `prepare` gives. A trigger id lives 3 s, so checks that take long get a waiting modal first, which
 * is then filled or says why not. Refusals are told privately either way.
 */
export async function openModal(
  front: Front,
  click: Trigger,
  prepare: () => Promise<Prepared>,
): Promise<void> {
  const { limits } = front;
  const prepared = within(limits.answerWithinMs, "Checking it", prepare());
  prepared.catch(() => undefined);
  const early = await soon(limits.openWithinMs, prepared);
  if (early !== null) {
    if (early.value.kind === "tell") await tell(front, click, early.value.lines);
    else await open(front, click, early.value.view);
    return;
  }
  const opened = await open(front, click, waiting);
  const late = await prepared.catch((error: unknown): Prepared => ({
    kind: "tell",
    lines: failureLines(front, error, "open a modal"),
  }));
  if (opened !== null) await fill(front, opened, late.kind === "modal" ? late.view : notice(late.lines));
  if (late.kind === "tell") await tell(front, click, late.lines);
}

/** Null for a click that Slack delivered twice: the first one has opened the modal. */
async function open(
  front: Front,
  click: Trigger,
  view: ModalView,
): Promise<{ id: string; hash: string } | null> {
  try {
    const answer = await front.client.views.open({ trigger_id: click.triggerId, view });
    return WireOpenedView.parse(answer).view;
  } catch (error) {
    const code = slackCode(error);
    if (code === "exchanged_trigger_id") return null;
    if (code !== "expired_trigger_id") throw toOpsError("views.open", error);
    await tell(front, click, [
      "The form could not be opened in the 3 seconds Slack gives. Please click again.",
    ]);
    return null;
  }
}

async function fill(front: Front, opened: { id: string; hash: string }, view: ModalView): Promise<void> {
  try {
    await front.client.views.update({ view_id: opened.id, hash: opened.hash, view });
  } catch (error) {
    // The person has closed it in the meantime.
    if (slackCode(error) !== "not_found") throw toOpsError("views.update", error);
  }
}

export const waiting: ModalView = {
  type: "modal",
  callback_id: "waiting",
  title: plainObject("One moment", 24),
  close: plainObject("Close", 24),
  blocks: [section(["Checking what is live and what you may do …"])],
};

export function notice(lines: string[]): ModalView {
  return {
    type: "modal",
    callback_id: "notice",
    title: plainObject("Not possible", 24),
    close: plainObject("Close", 24),
    blocks: [section(lines, 2900)],
  };
}

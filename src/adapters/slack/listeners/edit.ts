import { Duration, durationMs } from "../../../domain/policy/governance-contract.ts";
import type { Front } from "../front.ts";
import { editCallback, editModal } from "../modals/edit-modal.ts";
import { onSubmission, type Submission } from "./on-submission.ts";
import { opensModal } from "./opens-modal.ts";

export function listenToEdits(front: Front): void {
  opensModal(front, { actionId: "edit", action: "edit" }, async (change, click) => {
    const choices = await front.actions.editChoices(change.id);
    return choices === null
      ? "The flag is gone, so there is nothing to choose from. Nothing was done."
      : editModal(change, click.channel, choices);
  });
  onSubmission(front, editCallback, (submission) => {
    const { metadata, userId, text, choice } = submission;
    const { changeId, version, digest } = metadata;
    const numbers = readNumbers(submission);
    if ("errors" in numbers) return { kind: "errors", errors: numbers.errors };
    const reason = text("reason");
    if (reason === "") return { kind: "errors", errors: { reason: "Say why." } };
    const edit = {
      candidateId: choice("candidate"),
      variationId: choice("variation"),
      segmentId: choice("segment"),
      queryId: choice("metric"),
      ...numbers,
    };
    return {
      kind: "act",
      act: () => front.actions.edit({ changeId, version, digest, userId, edit, reason }),
    };
  });
}

const longestMs = 86_400_000;

function readNumbers({
  text,
}: Submission): { percent: number | null; withinMs: number | null } | { errors: Record<string, string> } {
  const share = text("percent");
  const within = text("within");
  const percent = share === "" ? null : Number(share.replace(/\s*%$/, ""));
  if (percent !== null && !(percent >= 0 && percent <= 100)) {
    return { errors: { percent: "A number from 0 to 100, such as 25." } };
  }
  const duration = within === "" ? null : (Duration.safeParse(within).data ?? "");
  if (duration === "" || (duration !== null && durationMs(duration) > longestMs)) {
    return { errors: { within: "A time of at most a day, such as 90s, 5m or 1h." } };
  }
  return { percent, withinMs: duration === null ? null : durationMs(duration) };
}

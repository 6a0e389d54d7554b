import { emergencyWords } from "../../../domain/change/decide-emergency.ts";
import type { Front } from "../front.ts";
import { emergencyCallback, emergencyModal } from "../modals/emergency-modal.ts";
import { onSubmission } from "./on-submission.ts";
import { opensModal } from "./opens-modal.ts";

export function listenToEmergencies(front: Front): void {
  opensModal(front, { actionId: "break_glass", action: "break_glass" }, (change, click) =>
    emergencyModal(change, click.channel),
  );
  onSubmission(front, emergencyCallback, ({ metadata, userId, text }) => {
    const { changeId, version, digest } = metadata;
    const reason = text("reason");
    if (reason === "") return { kind: "errors", errors: { reason: "Say why it cannot wait." } };
    const wanted = emergencyWords({ id: changeId });
    const words = text("words");
    if (words.toLowerCase() !== wanted.toLowerCase()) {
      return { kind: "errors", errors: { words: `Type exactly: ${wanted}` } };
    }
    const input = { changeId, version, digest, userId, words, reason };
    return { kind: "act", act: () => front.actions.breakGlass(input) };
  });
}

import { unstated } from "../../../domain/change/deciding-roles.ts";
import type { Front } from "../front.ts";
import { attestCallback, attestModal } from "../modals/attest-modal.ts";
import { onSubmission } from "./on-submission.ts";
import { opensModal } from "./opens-modal.ts";

export function listenToAttestations(front: Front): void {
  opensModal(front, { actionId: "attest", action: "attest" }, (change, click) => {
    const statement = unstated(change);
    return statement === null
      ? "Nothing has to be stated for this change any more. Nothing was done."
      : attestModal(change, click.channel, statement);
  });
  onSubmission(front, attestCallback, ({ metadata, userId }) => {
    const { changeId, version, digest } = metadata;
    return { kind: "act", act: () => front.actions.attest({ changeId, version, digest, userId }) };
  });
}

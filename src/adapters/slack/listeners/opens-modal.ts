import type { ModalView } from "@slack/types";
import type { ChangeState } from "../../../domain/change/change.ts";
import type { PersonAction } from "../../../domain/policy/roles.ts";
import type { Front } from "../front.ts";
import { openModal, type Prepared } from "../modals/open-modal.ts";
import { onClick, type Click } from "./on-click.ts";
import { refusalLines, verifyClick } from "./verify-click.ts";

/** A button that opens a modal for whoever may do what it is for. */
export function opensModal(
  front: Front,
  button: { actionId: string; action: PersonAction; inPrivateLists?: boolean },
  view: (change: ChangeState, click: Click) => Promise<ModalView | string> | ModalView | string,
): void {
  onClick(front, button.actionId, (click) =>
    openModal(front, click, async (): Promise<Prepared> => {
      const verified = await verifyClick(front, click, { privateList: button.inPrivateLists ?? false });
      if (verified.kind === "tell") return verified;
      const refused = await refusalLines(front, verified.subject, click.userId, button.action);
      if (refused !== null) return { kind: "tell", lines: refused };
      const made = await view(verified.subject, click);
      return typeof made === "string" ? { kind: "tell", lines: [made] } : { kind: "modal", view: made };
    }),
  );
}

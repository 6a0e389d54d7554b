import type { ModalView } from "@slack/types";
import { z } from "zod";
import { IncidentId } from "../../../domain/ids.ts";
import { plainObject, section } from "../blocks.ts";
import { textField } from "./fields.ts";

export const closeIncidentCallback = "close_incident";

export const CloseIncidentMetadata = z.strictObject({ incidentId: IncidentId, channel: z.string() });
export type CloseIncidentMetadata = z.infer<typeof CloseIncidentMetadata>;

export function closeIncidentModal(metadata: CloseIncidentMetadata): ModalView {
  return {
    type: "modal",
    callback_id: closeIncidentCallback,
    private_metadata: JSON.stringify(metadata),
    title: plainObject("Close the incident", 24),
    submit: plainObject("Close it", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `${metadata.incidentId} ends here, whatever its alerts say. Its changes stay as they are. An alert of it that fires from then on opens a new incident.`,
      ]),
      textField("reason", "Why?", {
        required: true,
        maxLength: 500,
        hint: "It is kept in the ledger and said in the thread.",
      }),
    ],
  };
}

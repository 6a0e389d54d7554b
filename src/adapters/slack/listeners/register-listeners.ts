import type { Front } from "../front.ts";
import { listenToFlags } from "../commands/flags.ts";
import { listenToOps } from "../commands/ops.ts";
import { listenToAcknowledge } from "./acknowledge.ts";
import { listenToApprove } from "./approve.ts";
import { listenToClose } from "./close.ts";
import { listenToCloseIncident } from "./close-incident.ts";
import { listenToClosures } from "./closure-submitted.ts";
import { listenToDetails } from "./details.ts";
import { listenToExpand } from "./expand.ts";
import { listenToExpansions } from "./expand-submitted.ts";
import { listenToFeedback } from "./feedback.ts";
import { listenToGroupChanges } from "./group-changed.ts";
import { listenToLinks } from "./open-link.ts";
import { listenToMutes } from "./mute.ts";
import { listenToRedraft } from "./redraft.ts";
import { listenToReject } from "./reject.ts";
import { listenToRestore } from "./restore.ts";
import { listenToRollBack } from "./roll-back.ts";
import { listenToRollBacks } from "./roll-back-submitted.ts";
import { listenToVotes } from "./vote-submitted.ts";

/** Everything people can click, submit or type, and what Slack tells us about them. */
export function registerListeners(front: Front): void {
  listenToApprove(front);
  listenToReject(front);
  listenToVotes(front);
  listenToDetails(front);
  listenToAcknowledge(front);
  listenToMutes(front);
  listenToClose(front);
  listenToClosures(front);
  listenToCloseIncident(front);
  listenToExpand(front);
  listenToExpansions(front);
  listenToRollBack(front);
  listenToRollBacks(front);
  listenToRestore(front);
  listenToRedraft(front);
  listenToFeedback(front);
  listenToLinks(front);
  listenToGroupChanges(front);
  listenToFlags(front);
  listenToOps(front);
}

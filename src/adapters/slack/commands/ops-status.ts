import { code, mrkdwn } from "../escape-text.ts";
import { countWords, when } from "../words.ts";
import { loweredLines } from "./ops-controls.ts";
import { muteLine } from "./ops-mute.ts";
import { sections } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";
import type { Status } from "../../../pipeline/ports/person-actions.ts";

function drafterOf({ drafter }: Status): string {
  return drafter === null ? "" : `, drafter ${mrkdwn(drafter, 80)}`;
}

function feedbackLines({ feedback: { useful, notUseful } }: Status): string[] {
  if (useful + notUseful === 0) return [];
  return [
    `• Findings without a change, last 7 days: found useful ${countWords(useful, "time")}, not useful ${countWords(notUseful, "time")}.`,
  ];
}

function ledgerLines({ entries, checkpoint, fault }: Status["ledger"]): string[] {
  if (fault !== null)
    return [`:rotating_light: *The ledger contradicts its checkpoints:* ${mrkdwn(fault, 800)}`];
  if (checkpoint === null)
    return [`• Ledger: ${countWords(entries, "entry", "entries")}, no checkpoint yet.`];
  const behind = Math.max(0, entries - checkpoint.size);
  return [
    `• Ledger: ${countWords(entries, "entry", "entries")}; checkpoint of ${checkpoint.size} ${when(checkpoint.at)}, ${behind === 0 ? "none" : behind} newer.`,
  ];
}

export const opsStatus: OpsWord = {
  word: "status",
  summary: "how Signalman itself is doing",
  shows: true,
  async read({ desk }) {
    const [status, lowered] = await Promise.all([desk.status(), desk.lowered()]);
    const lines = [
      "*Signalman*",
      `• Database ${status.database}, queue on ${status.queueBackend}${drafterOf(status)}.`,
      `• ${status.openIncidents} open incidents, ${status.pendingApprovals} changes awaiting approval.`,
      `• ${status.waitingWork} pieces of work waiting, ${status.quarantined} deliveries in quarantine.`,
      ...status.sources.map(
        ({ sourceId, waiting, quarantined }) =>
          `• Source ${code(sourceId, 70)}: ${waiting} waiting, ${quarantined} in quarantine.`,
      ),
      ...(status.heldBack === 0 ? [] : [`• ${countWords(status.heldBack, "incident")} held back by a mute.`]),
      ...feedbackLines(status),
      ...ledgerLines(status.ledger),
      ...(status.mutes.length === 0 ? [] : ["*Muted*"]),
      ...status.mutes.map(muteLine),
      ...(status.parkedWork.length === 0 ? ["• No work was given up."] : ["*Given up, a person must look:*"]),
      ...status.parkedWork
        .slice(0, 10)
        .map(
          (work) =>
            `• ${mrkdwn(work.stage, 40)} of ${code(work.subject, 60)} ${when(work.at)}: ${mrkdwn(work.error, 300)}`,
        ),
      ...(lowered.length === 0 ? [] : ["*Taken away, whatever the flags say* (`/ops controls`)"]),
      ...lowered.flatMap(loweredLines),
      ...(status.controls.length === 0 ? [] : ["*Controls*"]),
      ...status.controls.map(
        (control) =>
          `• ${code(control.key, 60)} = ${code(control.value, 60)} (${mrkdwn(control.reason, 120)})`,
      ),
    ];
    return { text: `Signalman: database ${status.database}`, blocks: sections(lines) };
  },
};

import type { Front } from "../front.ts";
import { mrkdwn } from "../escape-text.ts";
import { forMembers, onCommand, pageOf } from "./on-command.ts";
import { nearest } from "./nearest.ts";
import { opsCleanup } from "./ops-cleanup.ts";
import { opsClose } from "./ops-close.ts";
import { opsControls } from "./ops-controls.ts";
import { listenToAudits, opsAudit } from "./ops-audit.ts";
import { opsMute, opsUnmute } from "./ops-mute.ts";
import { opsDeny, opsMode, opsPause, opsResume, opsStrict } from "./ops-override.ts";
import { opsPending } from "./ops-pending.ts";
import { opsPropose } from "./ops-propose.ts";
import { opsQuarantine } from "./ops-quarantine.ts";
import { opsRevert } from "./ops-revert.ts";
import { opsStanding } from "./ops-standing.ts";
import { opsStatus } from "./ops-status.ts";
import type { OpsWord } from "./ops-word.ts";

/** In the order of `/ops help`; docs/operations.md has a row for each. */
export const opsWords: readonly OpsWord[] = [
  opsStatus,
  opsPending,
  opsCleanup,
  opsMute,
  opsUnmute,
  opsClose,
  opsQuarantine,
  opsControls,
  opsPause,
  opsMode,
  opsDeny,
  opsStrict,
  opsResume,
  opsPropose,
  opsRevert,
  opsAudit,
  opsStanding,
];

/** `/ops <word>`: what stands where, for whoever asks, and what a permitted person may set. */
export function listenToOps(front: Front): void {
  listenToAudits(front);
  onCommand(front, "/ops", async ({ text, ...typed }) => {
    const [first = ""] = text.split(/\s+/);
    const asked = first.toLowerCase();
    const found = opsWords.find(({ word }) => word === asked);
    if (found !== undefined) {
      const read = () => found.read(front, { args: text.slice(first.length).trim(), ...typed });
      return found.shows === true ? forMembers(front, typed.userId, read) : read();
    }
    return pageOf([...(asked === "" || asked === "help" ? [] : [unknown(asked)]), ...help()]);
  });
}

function unknown(asked: string): string {
  const near = nearest(asked, [...opsWords.map(({ word }) => word), "help"]);
  const suggestion = near === null ? "" : ` Did you mean \`/ops ${near}\`?`;
  return `There is no \`/ops\` word "${mrkdwn(asked, 40)}".${suggestion}`;
}

function help(): string[] {
  return [
    "*What you can type*",
    ...opsWords.map(({ word, summary }) => `• \`/ops ${word}\`: ${summary}`),
    "• `/ops help`: this",
    "• `/flags`: the flags of a catalogued environment",
    "• `/flags &lt;key&gt;`: one flag in words, and its last changes",
    "• `/flags &lt;key&gt; changes`: all its changes of the last 30 days, and what Signalman had to do with them",
  ];
}

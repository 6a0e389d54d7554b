import type { Front } from "../front.ts";
import { mrkdwn } from "../escape-text.ts";
import { onCommand, pageOf } from "./on-command.ts";
import { nearest } from "./nearest.ts";
import { opsCleanup } from "./ops-cleanup.ts";
import { opsClose } from "./ops-close.ts";
import { opsMute, opsUnmute } from "./ops-mute.ts";
import { opsPending } from "./ops-pending.ts";
import { opsQuarantine } from "./ops-quarantine.ts";
import { opsStatus } from "./ops-status.ts";
import type { OpsWord } from "./ops-word.ts";

const words: readonly OpsWord[] = [
  opsStatus,
  opsPending,
  opsCleanup,
  opsMute,
  opsUnmute,
  opsClose,
  opsQuarantine,
];

/** `/ops <word>`: what stands where, for whoever asks, and what a permitted person may set. */
export function listenToOps(front: Front): void {
  onCommand(front, "/ops", async (text, userId) => {
    const [first = ""] = text.split(/\s+/);
    const asked = first.toLowerCase();
    const found = words.find(({ word }) => word === asked);
    if (found !== undefined) return found.read(front, { args: text.slice(first.length).trim(), userId });
    return pageOf([...(asked === "" || asked === "help" ? [] : [unknown(asked)]), ...help()]);
  });
}

function unknown(asked: string): string {
  const near = nearest(asked, [...words.map(({ word }) => word), "help"]);
  const suggestion = near === null ? "" : ` Did you mean \`/ops ${near}\`?`;
  return `There is no \`/ops\` word "${mrkdwn(asked, 40)}".${suggestion}`;
}

function help(): string[] {
  return [
    "*What you can type*",
    ...words.map(({ word, summary }) => `• \`/ops ${word}\`: ${summary}`),
    "• `/ops help`: this",
    "• `/flags`: the flags of a catalogued environment",
    "• `/flags &lt;key&gt;`: one flag in words, and its last changes",
  ];
}

import { tellEntry } from "../../../domain/story/tell-entry.ts";
import type { Story } from "../../../domain/story/story.ts";
import { button } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";
import type { Front } from "../front.ts";
import { onClick } from "../listeners/on-click.ts";
import { countWords, when } from "../words.ts";
import { answer, forMembers, pageOf, type Page, sections } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

const auditAction = "audit";
/** The newest; `signalman audit show` has all of it. */
const most = 40;

export const opsAudit: OpsWord = {
  word: "audit",
  summary:
    "with an incident, a change or a standing approval: who did what and when, and whether its records are intact",
  shows: true,
  async read(front, { args }) {
    if (args === "") return pageOf(["Say of what: `/ops audit &lt;INC-…|CHG-…|STA-…&gt;`."]);
    return auditPage(front, args);
  },
};

/** The same by a button, in a private list or on a card's details. */
export function auditButton(id: string) {
  return button(auditAction, "Audit", id);
}

export function listenToAudits(front: Front): void {
  onClick(front, auditAction, (click) =>
    answer(front, "audit", click.respond, () =>
      forMembers(front, click.userId, () => auditPage(front, click.text)),
    ),
  );
}

async function auditPage({ desk }: Front, asked: string): Promise<Page> {
  const id = /^(inc|chg|sta)-/i.test(asked) ? asked.toUpperCase() : asked;
  const story = await desk.story(id);
  if (story === null) return pageOf([`The ledger knows nothing of "${mrkdwn(asked, 80)}".`]);
  const { entries } = story;
  const shown = entries.slice(-most);
  const earlier = entries.length - shown.length;
  return {
    text: `Audit of ${mrkdwn(story.id, 80)}`,
    blocks: sections([
      `*${mrkdwn(story.id, 80)}*: ${countWords(entries.length, "entry", "entries")}, ${stateOf(story)}`,
      ...(earlier > 0 ? [`… ${earlier} earlier ones: ${code(`signalman audit show ${story.id}`)}`] : []),
      ...shown.flatMap(linesOf),
    ]),
  };
}

function stateOf({ fault, coverage }: Story): string {
  if (fault !== null)
    return `*BROKEN* at version ${fault.version} of ${mrkdwn(fault.stream, 80)}: ${mrkdwn(fault.reason, 300)}`;
  const covered =
    coverage?.checkpoint == null
      ? "not covered by a checkpoint yet"
      : `covered by the checkpoint of ${coverage.checkpoint} entries`;
  return `hash chains intact, ${covered}.`;
}

function linesOf(entry: Story["entries"][number]): string[] {
  const { what, who, lines } = tellEntry(entry);
  const by = who === "" ? "" : ` by ${mrkdwn(who, 120)}`;
  const [first, ...more] = lines.map((line) => mrkdwn(line, 200));
  return [
    `• ${when(entry.at)} *${mrkdwn(what, 60)}*${by}${first === undefined ? "" : `: ${first}`}`,
    ...more.slice(0, 4).map((line) => `    ${line}`),
  ];
}

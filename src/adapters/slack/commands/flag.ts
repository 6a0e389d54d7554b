import type { KnownBlock } from "@slack/types";
import { describeFlag } from "../../../domain/flag/describe-flag.ts";
import { diffFlags } from "../../../domain/flag/diff-flags.ts";
import type { Segment } from "../../../domain/flag/flag.ts";
import type { FlagHistoryEntry } from "../../../pipeline/ports/flag-platform.ts";
import type { Desk } from "../../../pipeline/ports/person-actions.ts";
import { actions, bullets, button, section } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";
import { flagPlaceValue } from "../flag-place.ts";
import { when } from "../words.ts";
import { linkButton, pageOf, type Page } from "./on-command.ts";

type Found = Awaited<ReturnType<Desk["flag"]>>[number];

const mostEnvironments = 6;
const mostChanges = 5;

/** One flag in every environment that has it: what it serves now, in words, and who changed what lately. */
export async function flagPage(desk: Desk, key: string): Promise<Page> {
  const found = await desk.flag(key);
  if (found.length === 0) {
    return pageOf([`No catalogued environment has a flag ${code(key)}. \`/flags\` lists what there is.`]);
  }
  const shown = found.slice(0, mostEnvironments);
  const left = found.length - shown.length;
  return {
    text: `Flag ${mrkdwn(key, 100)} in ${found.length} environments`,
    blocks: [
      ...shown.flatMap((each, index) => environmentBlocks(each, index)),
      ...(left > 0 ? [section([`… and ${left} more environments.`])] : []),
    ],
  };
}

function environmentBlocks({ snapshot, history, webUrl }: Found, index: number): KnownBlock[] {
  const { ref, flag, segments } = snapshot;
  const head = `*${mrkdwn(flag.name, 80)}* ${code(ref.key)} in *${mrkdwn(ref.environment, 60)}* (${code(ref.project)})`;
  const state = bullets(
    describeFlag(flag, segments).map((line) => mrkdwn(line)),
    8,
  );
  const changes = history.slice(0, mostChanges).flatMap((entry) => changeLines(entry, segments));
  return [
    section([head, ...state], 1000),
    section(["*Last changes*", ...(changes.length === 0 ? ["None in the last days."] : changes)], 1000),
    actions([
      button(
        "propose_change",
        "Propose a change",
        flagPlaceValue({ project: ref.project, environment: ref.environment, flagKey: ref.key }),
      ),
      ...(webUrl === null ? [] : [linkButton(`flag.${index}`, "Open in FeatBit", webUrl)]),
    ]),
  ];
}

export function changeLines(entry: FlagHistoryEntry, segments: readonly Segment[]): string[] {
  const head = `• ${when(entry.at)} by ${mrkdwn(entry.author.name, 80)}`;
  if (entry.before === null) return [`${head}: created`];
  if (entry.after === null) return [`${head}: removed`];
  const diff = diffFlags(entry.before, entry.after, segments).slice(0, 3);
  return [head, ...diff.map((line) => `    ${mrkdwn(line)}`)];
}

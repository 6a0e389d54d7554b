import type { OverrideWish } from "../../../domain/authority/events.ts";
import { suggestion } from "../../../domain/closest-word.ts";
import { ToolName } from "../../../domain/policy/tool-name.ts";
import { answerLines } from "../answer-person.ts";
import { mrkdwn } from "../escape-text.ts";
import type { Front } from "../front.ts";
import { loweringModes } from "../modals/override-modal.ts";
import { pageOf, type Page } from "./on-command.ts";
import type { Asked, OpsWord } from "./ops-word.ts";
import { readOverride, readResume, wordsOf } from "./read-override.ts";

const place = "[service|all] [duration]";

export const opsPause: OpsWord = {
  word: "pause",
  summary: `${place} and a reason: stops Signalman there, for 1h unless told otherwise`,
  read: (front, { args, userId }) =>
    set(front, { args, userId }, { kind: "mode", mode: "off" }, usageOf("pause")),
};

export const opsMode: OpsWord = {
  word: "mode",
  summary: `a mode, ${place} and a reason: no more than this mode there`,
  async read(front, { args, userId }) {
    const [asked = "", ...rest] = wordsOf(args);
    const usage = usageOf(`mode &lt;${loweringModes.join("|")}&gt;`);
    const mode = loweringModes.find((each) => each === asked.toLowerCase());
    if (mode === undefined) {
      const what = asked === "" ? "Say which mode" : `"${mrkdwn(asked, 40)}" is no mode to lower to`;
      return pageOf([`${what}: ${usage}.${suggestion(asked, loweringModes)}`]);
    }
    return set(front, { args: rest.join(" "), userId }, { kind: "mode", mode }, usage);
  },
};

export const opsDeny: OpsWord = {
  word: "deny",
  summary: `a tool, ${place} and a reason: this tool is not used there`,
  async read(front, { args, userId }) {
    const [asked = "", ...rest] = wordsOf(args);
    const usage = usageOf("deny &lt;tool&gt;");
    const tool = ToolName.safeParse(asked.toLowerCase());
    if (!tool.success) {
      const what =
        asked === "" ? "Say which tool, such as flag.turn_off" : `There is no tool "${mrkdwn(asked, 60)}"`;
      return pageOf([`${what}: ${usage}.${suggestion(asked, ToolName.options)}`]);
    }
    return set(front, { args: rest.join(" "), userId }, { kind: "deny_tool", tool: tool.data }, usage);
  },
};

export const opsStrict: OpsWord = {
  word: "strict",
  summary: `${place} and a reason: standing approvals do not count there, every change takes a click`,
  read: (front, { args, userId }) => set(front, { args, userId }, { kind: "strict" }, usageOf("strict")),
};

export const opsResume: OpsWord = {
  word: "resume",
  summary: "[service|all] and a reason: gives back what was taken away; somebody else must agree",
  async read(front, { args, userId }) {
    const usage =
      "`/ops resume [service|all] &lt;reason&gt;`, such as `/ops resume checkout the cause is fixed`";
    const read = readResume(args, front.desk.services(), usage);
    if (read.kind === "told") return pageOf(read.lines);
    const { scope, reason } = read;
    return pageOf(await answerLines(front, await front.actions.resume({ scope, reason, userId })));
  },
};

function usageOf(head: string): string {
  return `\`/ops ${head} ${place} &lt;reason&gt;\``;
}

async function set(
  front: Front,
  { args, userId }: Pick<Asked, "args" | "userId">,
  wish: OverrideWish,
  usage: string,
): Promise<Page> {
  const read = readOverride(args, front.desk.services(), usage);
  if (read.kind === "told") return pageOf(read.lines);
  const { scope, forMs, reason } = read;
  return pageOf(
    await answerLines(front, await front.actions.override({ scope, wish, forMs, reason, userId })),
  );
}

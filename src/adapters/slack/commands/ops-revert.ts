import { ChangeId } from "../../../domain/ids.ts";
import { answerLines } from "../answer-person.ts";
import { mrkdwn } from "../escape-text.ts";
import { pageOf } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

const usage = "`/ops revert &lt;CHG-…&gt; &lt;reason&gt;`";

export const opsRevert: OpsWord = {
  word: "revert",
  summary: "with a change and a reason: drafts its exact reverse, to be approved like any other",
  async read(front, { args, userId }) {
    const [id = "", ...words] = args.split(/\s+/);
    const changeId = ChangeId.safeParse(id.toUpperCase());
    if (!changeId.success) {
      const what = id === "" ? "Say which change" : `"${mrkdwn(id, 40)}" is no change`;
      return pageOf([`${what}: ${usage}. The card shows its id.`]);
    }
    const reason = words.join(" ").slice(0, 500);
    if (reason === "") return pageOf([`Say why: ${usage}.`]);
    const answer = await front.actions.revert({ changeId: changeId.data, userId, reason });
    return pageOf(await answerLines(front, answer));
  },
};

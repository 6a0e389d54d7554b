import { IncidentId } from "../../../domain/ids.ts";
import { answerLines } from "../answer-person.ts";
import { mrkdwn } from "../escape-text.ts";
import { pageOf } from "./on-command.ts";
import type { OpsWord } from "./ops-word.ts";

const usage = "`/ops close &lt;INC-…&gt; &lt;reason&gt;`; the id stands at the foot of the card";

export const opsClose: OpsWord = {
  word: "close",
  summary: "with an incident's id and a reason: ends that incident by hand",
  async read(front, { args, userId }) {
    const [asked = "", ...words] = args.split(/\s+/);
    if (asked === "") return pageOf([`Say which incident, and why: ${usage}.`]);
    const id = IncidentId.safeParse(asked.toUpperCase());
    if (!id.success) return pageOf([`"${mrkdwn(asked, 40)}" is no incident's id: ${usage}.`]);
    const reason = words.join(" ").slice(0, 500);
    if (reason === "") return pageOf([`Say why: ${usage}.`]);
    const answer = await front.actions.closeIncident({ incidentId: id.data, userId, reason });
    return pageOf(await answerLines(front, answer));
  },
};

import { BrokenGlass } from "../domain/change/events.ts";
import { ChangeId } from "../domain/ids.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import { aboutOf, type PostDeps, postNotice, untoldOf } from "./post-notice.ts";
import type { FollowUp } from "./ports/storage.ts";
import type { StageOutcome } from "./run-stage.ts";

const subjectOf = (id: ChangeId): string => `emergency/${id}`;

/** To be committed with an emergency, so that it is never silent. */
export function tellEmergency(id: ChangeId): FollowUp {
  return { stage: "tell", subject: subjectOf(id), correlationId: aboutOf(subjectOf(id)) };
}

/** One change may be declared an emergency more than once, if the first was over before it was carried out. */
const mostOfOneChange = 20;

/** Says to operators, beside the thread of the incident, who approved what alone. */
export async function tellOfEmergency(id: string, deps: PostDeps): Promise<StageOutcome> {
  const changeId = ChangeId.parse(id);
  const { ledger } = deps.store;
  const change = await ledger.change(changeId);
  if (change === null) return { kind: "nothing_to_do" };
  const subject = subjectOf(changeId);
  const isUntold = await untoldOf(subject, deps.store);
  const stream = streamOf("change", changeId);
  const entries = await ledger.events(stream, { types: ["glass_broken"], limit: mostOfOneChange });
  for (const { data, version } of entries) {
    const part = `event/${version}`;
    if (!isUntold(part)) continue;
    const glass = BrokenGlass.parse(data["glass"]);
    const { userId, name } = glass;
    await postNotice(
      {
        notice: { kind: "emergency", change: change.state, glass },
        subject,
        part,
        channel: "",
        intent: `Tell that ${changeId} was approved in an emergency`,
        requester: { kind: "person", userId, name },
        service: change.state.proposal.action.target.service,
      },
      deps,
    );
  }
  return { kind: "nothing_to_do" };
}

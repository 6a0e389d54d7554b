import { z } from "zod";
import { Instant } from "../ids.ts";
import { ActionContract } from "../policy/action-contract.ts";
import { Decision } from "../policy/decision.ts";

/** What was decided about one line that belongs to no incident's thread. */
export const NoticeEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("notice_decided"),
    at: Instant,
    /** Which line of its subject. */
    part: z.string().min(1),
    action: ActionContract,
    decision: Decision,
  }),
]);
export type NoticeEvent = z.infer<typeof NoticeEvent>;

/** Lines about one subject (`mute/<service>`, `quarantine/<source>` …), folded from `notice/<subject>`. */
export const NoticeState = z.strictObject({
  subject: z.string().min(1),
  last: z.strictObject({ part: z.string(), at: Instant, kind: z.string(), rule: z.string() }),
});
export type NoticeState = z.infer<typeof NoticeState>;

export function evolveNotice(subject: string, { part, at, decision }: NoticeEvent): NoticeState {
  return { subject, last: { part, at, kind: decision.kind, rule: decision.rule } };
}

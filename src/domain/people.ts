import { z } from "zod";

/** What Slack says about a person now. Never older than a minute at a click, fresh at execution. */
export const PersonFacts = z.strictObject({
  userId: z.string().min(1),
  name: z.string(),
  email: z.string().nullable(),
  teamId: z.string(),
  groups: z.array(z.string()),
  deleted: z.boolean(),
  isBot: z.boolean(),
  isRestricted: z.boolean(),
  isUltraRestricted: z.boolean(),
  isStranger: z.boolean(),
});
export type PersonFacts = z.infer<typeof PersonFacts>;

/** Who asked for something: a person, or the source whose alert it was. */
export const Requester = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("person"), userId: z.string().min(1), name: z.string() }),
  z.strictObject({ kind: z.literal("source"), sourceId: z.string().min(1) }),
]);
export type Requester = z.infer<typeof Requester>;

export function requesterText(requester: Requester): string {
  return requester.kind === "person" ? requester.name : `alert source ${requester.sourceId}`;
}

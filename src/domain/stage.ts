import { z } from "zod";

/** The stages that are rung, in the order of the work; `pipeline/stages.ts` says what each does and who runs it. */
export const Stage = z.enum([
  "intake", // subject: source id
  "investigate", // subject: incident id
  "notify", // subject: incident id
  "execute", // subject: change id
  "verify", // subject: change id
  "expire", // subject: change id; due at the approval's expiry
  "chase", // subject: change id; due when people are to be reminded that it waits for them
  "review", // subject: change id; due at the review date
  "recheck", // subject: change id; the flag platform hinted that its flag has moved
  "settle", // subject: incident id; due when an incident that was held open may end
  "tell", // subject: `mute/<service>`, `quarantine/<source id>` or `ledger/checkpoint`; a line in a channel
]);
export type Stage = z.infer<typeof Stage>;

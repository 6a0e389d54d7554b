import { z } from "zod";
import { Instant } from "../ids.ts";

const by = { at: Instant, userId: z.string(), name: z.string() };

/** What happened to the mute of one service. */
export const MuteEvent = z.discriminatedUnion("type", [
  /** New incidents of the service are recorded, and neither shown nor investigated, before `until`. */
  z.strictObject({ type: z.literal("service_muted"), ...by, until: Instant, reason: z.string() }),
  z.strictObject({ type: z.literal("service_unmuted"), ...by, reason: z.string() }),
  /** Somebody asked for it and may not. */
  z.strictObject({
    type: z.literal("mute_refused"),
    ...by,
    asked: z.enum(["mute", "unmute"]),
    reason: z.string(),
  }),
]);
export type MuteEvent = z.infer<typeof MuteEvent>;

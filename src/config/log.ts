import { z } from "zod";

export const LogSettings = z
  .strictObject({
    level: z
      .enum(["debug", "info", "warn", "error", "silent"])
      .default("info")
      .describe("The least that is written."),
  })
  .prefault({});
export type LogSettings = z.infer<typeof LogSettings>;

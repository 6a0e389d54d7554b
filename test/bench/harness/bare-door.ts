import { z } from "zod";
import type { Call } from "./part.ts";

const BarePlan = z.object({
  /** How `pg` reaches an empty database. */
  connection: z.record(z.string(), z.unknown()),
  secret: z.string(),
  /** Whether requests share statements and commits. */
  grouped: z.boolean(),
  /** Where each alert is told, with one call; null: nowhere. */
  slack: z.object({ apiUrl: z.string(), botToken: z.string(), channels: z.array(z.string()) }).nullable(),
});
export type BarePlan = z.infer<typeof BarePlan>;

/** Opens the least that could be a door: what Signalman's is held against. */
export const openBareDoor: Call<BarePlan, { url: string }> = {
  name: "openBareDoor",
  input: BarePlan,
  output: z.object({ url: z.string() }),
};

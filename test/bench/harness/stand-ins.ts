import { z } from "zod";
import type { Call } from "./part.ts";

const WorldPlan = z.object({
  dataFolder: z.string(),
  /** Services beside each other, called `bench-0` and so on; each may be suspected of one flag of the shop. */
  services: z.number(),
  /** Whether each service has a channel of its own: Slack takes a message a second and channel. */
  channelEach: z.boolean(),
  /** Labels that tell incidents of one service apart. */
  groupBy: z.array(z.string()),
  /** Whether each service is suspected of a flag of its own, turned on just before its errors began. */
  flagEach: z.boolean().optional(),
  withModel: z.boolean(),
  /** How long the model takes for an answer; left out: no time. */
  modelMs: z.number().optional(),
  /** Whether Slack takes a message a second and channel, as the real one does, and refuses what comes faster. */
  strictSlack: z.boolean().optional(),
  /** How often the model may be asked in an hour; left out: as Signalman has it. */
  callsPerHour: z.number().optional(),
});
export type WorldPlan = z.infer<typeof WorldPlan>;

const Opened = z.object({
  settings: z.record(z.string(), z.unknown()),
  env: z.record(z.string(), z.string()),
  slack: z.object({ apiUrl: z.string(), botToken: z.string(), channels: z.array(z.string()) }),
});
export type Opened = z.infer<typeof Opened>;

/** Opens Slack, FeatBit, Prometheus and perhaps a model on loopback, and says how Signalman is pointed at them. */
export const openWorld: Call<WorldPlan, Opened> = { name: "openWorld", input: WorldPlan, output: Opened };

const Shown = z.object({
  /** On the clock of `nowMs`. */
  atMs: z.number(),
  kind: z.enum(["posted", "updated"]),
  channel: z.string(),
  ts: z.string(),
  /** False for what stands in a thread. */
  topLevel: z.boolean(),
  /** On a card: that it says what was drafted, or that nothing was. */
  drafted: z.boolean(),
  /** Ids of alerts that stand in it. */
  ids: z.array(z.string()),
  /** How many alerts a card says that it stands for; 0 for what is none. */
  alerts: z.number(),
});
export type Shown = z.infer<typeof Shown>;

const Seen = z.object({
  messages: z.array(Shown),
  modelCalls: z.number(),
  /** Calls that Slack refused for coming too fast. */
  refused: z.number(),
});
export type Seen = z.infer<typeof Seen>;

/** All that became visible in Slack so far, oldest first, and how often the model was asked. */
export const whatWasSeen: Call<null, Seen> = { name: "whatWasSeen", input: z.null(), output: Seen };

/** The source that a bench sends to, and another one beside it. */
export const sourceIds = { main: "bench", other: "other" } as const;
export const sourceSecret = "bench-secret-of-sixteen-and-more";

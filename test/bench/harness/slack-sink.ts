import { z } from "zod";
import type { Call } from "./part.ts";

const SinkOpened = z.object({
  /** An incoming webhook. */
  webhookUrl: z.string(),
  /** What stands before the name of a method. */
  apiUrl: z.string(),
});
export type SinkOpened = z.infer<typeof SinkOpened>;

/** Opens the least that other bots take for Slack: it takes every message at once and remembers what it says. */
export const openSink: Call<null, SinkOpened> = { name: "openSink", input: z.null(), output: SinkOpened };

const Told = z.object({
  messages: z.number(),
  /** Alerts that messages name, each counted once, or that a message says it stands for. */
  alerts: z.number(),
});
export type Told = z.infer<typeof Told>;

export const whatWasTold: Call<null, Told> = { name: "whatWasTold", input: z.null(), output: Told };

/** From now on one message a second is taken, and others are refused with a time to wait, as Slack does. */
export const paceSink: Call<null, null> = { name: "paceSink", input: z.null(), output: z.null() };

/** When an alert's id first stood in a message, on the clock of `nowMs`. */
export const firstTold: Call<null, [string, number][]> = {
  name: "firstTold",
  input: z.null(),
  output: z.array(z.tuple([z.string(), z.number()])),
};

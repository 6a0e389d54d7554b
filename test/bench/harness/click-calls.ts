import { z } from "zod";
import { Arrival } from "./arrivals.ts";
import type { Call } from "./part.ts";

const Card = z.object({ channel: z.string(), ts: z.string() });
export type Card = z.infer<typeof Card>;

const Clicked = z.object({
  /** When the form left the person's screen, on the clock of `nowMs`. */
  submittedAtMs: z.number(),
  /** All that arrived at the stand-ins from then until FeatBit had the write and Slack the card's rewriting. */
  calls: z.array(Arrival),
});
export type Clicked = z.infer<typeof Clicked>;

/** Cards with a button to approve. */
export const whatWaits: Call<null, Card[]> = { name: "whatWaits", input: z.null(), output: z.array(Card) };

/** One person approves a card, which completes the quorum. One at a time. */
export const approveCard: Call<Card, Clicked> = { name: "approveCard", input: Card, output: Clicked };

/** How many requests have arrived so far: for `arrivedSince`. */
export const howManyArrived: Call<null, number> = {
  name: "howManyArrived",
  input: z.null(),
  output: z.number(),
};

const Since = z.object({ from: z.number(), card: Card });

/** As `calls` of `approveCard`, of a card that somebody else goes through. */
export const arrivedSince: Call<z.infer<typeof Since>, Arrival[]> = {
  name: "arrivedSince",
  input: Since,
  output: z.array(Arrival),
};

/** When each card told that the change was applied; null for one that never did. */
export const whenApplied: Call<Card[], (number | null)[]> = {
  name: "whenApplied",
  input: z.array(Card),
  output: z.array(z.number().nullable()),
};

export function isWrite({ method, url }: Arrival): boolean {
  return method !== "GET" && url.includes("/feature-flags/");
}

export function isRewriting({ url, body }: Arrival, { ts }: Card): boolean {
  return url.endsWith("/chat.update") && body.includes(ts);
}

/** The card offers to roll the change back, so that it has been applied. */
export function isTold(call: Arrival, card: Card): boolean {
  return isRewriting(call, card) && call.body.includes("roll_back");
}

/**
 * Of the calls of a click those that its write could not do without, in their order, with the write and the rewriting
 * last: what Signalman tells people meanwhile, and what it does about other flags, is its own affair.
 */
export function bareSequence(calls: readonly Arrival[], card: Card): Arrival[] {
  const write = calls.find(isWrite);
  const rewriting = calls.find((call) => isRewriting(call, card));
  if (write === undefined || rewriting === undefined) throw new Error("a click wrote, and rewrote its card");
  const key = flagKeyOf(write);
  const reads = calls.slice(0, calls.indexOf(write)).filter((call) => {
    const other = flagKeyOf(call);
    return !/\/chat\.|\/insight\//.test(call.url) && (other === undefined || other === key);
  });
  return [...reads, write, rewriting];
}

function flagKeyOf({ url }: Arrival): string | undefined {
  return /\/feature-flags\/([^/?]+)/.exec(url)?.[1];
}

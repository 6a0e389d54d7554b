import { checkoutFlag, checkoutQueries } from "../../../sandbox/services/checkout.ts";
import { allGet } from "./flag-watch.ts";
import { fireAlert, metricFalls, type Stage, wordsOf } from "./stage-hands.ts";
import { Unexpected } from "./steps.ts";
import { needed, until } from "./until.ts";

const { key, off } = checkoutFlag;
const recoveredRatio = 0.015;

/** Scenario (b): a flag that was turned on for everyone is turned off by the owner of the service. */
export async function playCheckout(stage: Stage): Promise<void> {
  const { steps, slack, flags } = stage;
  steps.heading("(b) Checkout: a flag was turned on for everyone, and requests fail");
  let card: string | null = null;
  let applied: true | null = null;

  const since = await fireAlert(stage, "checkout");
  await steps.step("card posted", "the flag is suspected, and turning it off is proposed", async () => {
    const posted = await slack.newCard(
      since,
      "CheckoutErrors",
      [
        /Suspect:\* flag `checkout_one_click`, changed by Maya Okafor/,
        /Flag: on → off/,
        /How it is undone\*\n.*Flag: off → on/,
      ],
      ["approve", "reject"],
    );
    card = posted.ts;
    return posted.text;
  });
  await steps.step("permitted click", "Chen owns checkout and may approve there", async () => {
    const ts = needed(card, "card");
    await slack.fill("chen", ts, "approve", "vote", { rationale: "Payments first" });
    await slack.cardShows(ts, 15_000, [/Chen Wei/], ["keep", "roll_back"]);
    applied = true;
    return "Chen approved, and Signalman carried it out";
  });
  await steps.step("flag off, says FeatBit's API", "isEnabled is false", () =>
    until(10_000, async () => {
      const { isEnabled } = await flags.read(key);
      if (isEnabled) throw new Unexpected("isEnabled is true");
      return "isEnabled is false";
    }),
  );
  await steps.step("flag off, says the SDK", "every user gets false", () =>
    until(10_000, async () => {
      const { internal, others } = await flags.served(key);
      return allGet(new Map([...internal, ...others]), "users", off);
    }),
  );
  await steps.step("metric recovered", `at most ${100 * recoveredRatio}% fail`, async () => {
    needed(applied, "applied change");
    const ratio = await metricFalls(stage, checkoutQueries()[0]?.query, recoveredRatio);
    return `${(100 * ratio).toFixed(2)}% fail`;
  });
  await steps.step("verdict", "recovered", async () => {
    needed(applied, "applied change");
    const text = await slack.cardShows(needed(card, "card"), 45_000, [/Verdict: recovered/]);
    return wordsOf(text, /Verdict: .*/);
  });
}

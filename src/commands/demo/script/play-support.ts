import { supportFlag, supportQueries } from "../../../sandbox/services/support-assistant.ts";
import { allGet, sameFieldForField, sameServed, type WireFlag } from "./flag-watch.ts";
import { fireAlert, metricFalls, type Stage, wordsOf } from "./stage-hands.ts";
import { Unexpected } from "./steps.ts";
import { needed, until } from "./until.ts";
import { verifyAudit } from "./verify-audit.ts";

const { key, baseline, suspect } = supportFlag;
const recoveredSeconds = 1.2;
const reviewInS = 6;

/** Scenario (a): from the alert over a limited rollout, its review and its reverse to the proof in the ledger. */
export async function playSupport(stage: Stage): Promise<void> {
  const { steps, slack, flags, demo } = stage;
  steps.heading("(a) Support assistant: a new answer profile for 10% of the users makes answers slow");
  const original = await flags.read(key);
  const servedBefore = await flags.served(key);
  let card: string | null = null;
  let applied: true | null = null;
  let reverted: true | null = null;

  const since = await fireAlert(stage, "support");
  await steps.step(
    "card posted",
    "what is wrong, the suspect, the change in words with its reverse, and buttons",
    async () => {
      const posted = await slack.newCard(
        since,
        "SupportAnswersSlow",
        [
          /p95 latency above 2 s/,
          /Suspect:\* flag `support_answer_profile`, changed by Chen Wei/,
          /Proposed change/,
          /baseline 90% → 100%, reranker_v2 10% → 0%/,
          /in segment Internal users/,
          /How it is undone\*\n.*baseline 100% → 90%, reranker_v2 0% → 10%/,
          /needs 1 approval by \*release-manager\*/,
        ],
        ["approve", "reject", "details", "acknowledge"],
      );
      card = posted.ts;
      return posted.text;
    },
  );

  await steps.step("unpermitted click refused", "Maya is told privately whom to ask", async () => {
    const told = await slack.refusal("maya", needed(card, "card"), "approve");
    return said("Maya", told, /Ask instead: .*release-managers/);
  });
  await steps.step(
    "guest's click refused",
    "Tomas is told privately that guests decide nothing",
    async () => {
      const told = await slack.refusal("tomas", needed(card, "card"), "approve");
      return said("Tomas", told, /guest/i);
    },
  );
  await steps.step("nothing changed by refused clicks", "the flag as it was", async () =>
    sameFieldForField(original, await flags.read(key)),
  );
  await steps.step("permitted click", "Ruth's approval with a rationale is accepted", async () => {
    const ts = needed(card, "card");
    await slack.fill("ruth", ts, "approve", "vote", { rationale: "The slow answers began with reranker_v2" });
    await slack.cardShows(ts, 15_000, [/Ruth Lindqvist/], ["keep", "roll_back"]);
    applied = true;
    return "Ruth approved, and Signalman carried it out";
  });

  await steps.step(
    "flag changed, says FeatBit's API",
    "a rule for internal users, and baseline for all else",
    () => until(10_000, async () => limited(await flags.read(key))),
  );
  await steps.step(
    "flag changed, says the SDK",
    `internal users get ${suspect}, all others ${baseline}`,
    () =>
      until(10_000, async () => {
        const { internal, others } = await flags.served(key);
        return `${allGet(internal, "internal users", suspect)}, ${allGet(others, "others", baseline)}`;
      }),
  );
  await steps.step("metric recovered", `p95 at most ${recoveredSeconds} s`, async () => {
    needed(applied, "applied change");
    const seconds = await metricFalls(stage, supportQueries()[0]?.query, recoveredSeconds);
    return `p95 ${seconds.toFixed(2)} s`;
  });
  await steps.step("verdict", "recovered", async () => {
    needed(applied, "applied change");
    const text = await slack.cardShows(needed(card, "card"), 45_000, [/Verdict: recovered/]);
    return wordsOf(text, /Verdict: .*/);
  });

  let reviewAtS: number | null = null;
  await steps.step("closed with a review date", "the card says kept, by Ruth, with a date", async () => {
    const ts = needed(card, "card");
    const atS = Math.ceil(Date.now() / 1000) + reviewInS;
    const entries = { review_at: atS, note: "Until the reranker is fast enough" };
    await slack.fill("ruth", ts, "keep", "closure", entries);
    const text = await slack.cardShows(ts, 10_000, [/Closed: kept/, /Ruth Lindqvist/, /Review/]);
    // A card that waited for Slack's pace may tell of both.
    const isEarly = Date.now() / 1000 < atS;
    if (isEarly && /Review is due/.test(text)) throw new Unexpected("the review is due at once", text);
    reviewAtS = atS;
    return `kept, review in ${Math.round(atS - Date.now() / 1000)} s`;
  });
  await steps.step(
    "date passes and the card reopens",
    "the card says that its review is due, after that date",
    async () => {
      const dueS = needed(reviewAtS, "review date");
      const buttons = ["keep", "roll_back", "clean_up"];
      const text = await slack.cardShows(needed(card, "card"), 15_000, [/Review is due/], buttons);
      const lateS = Date.now() / 1000 - dueS;
      if (lateS < 0) throw new Unexpected(`it opened ${-lateS} s before its date`, text);
      return `${lateS.toFixed(1)} s after its date`;
    },
  );

  await steps.step("revert requested", "a change of its own that waits for approval", async () => {
    const ts = needed(card, "card");
    await slack.fill("ruth", ts, "roll_back", "roll_back", { reason: "The reranker was made faster" });
    const text = await slack.cardShows(ts, 15_000, [/Undoing/, /baseline 100% → 90%/], ["approve", "reject"]);
    return wordsOf(text, /Undoing.*/);
  });
  await steps.step("own request not approved", "Ruth asked for it, so she is refused", async () => {
    const told = await slack.refusal("ruth", needed(card, "card"), "approve");
    return said("Ruth", told, /asked for/i);
  });
  await steps.step("revert approved by somebody else", "Pavel's approval is carried out", async () => {
    const ts = needed(card, "card");
    await slack.fill("pavel", ts, "approve", "vote", { rationale: "Checked with the support team" });
    await slack.cardShows(ts, 15_000, [/Pavel Novak/], ["keep", "roll_back"]);
    reverted = true;
    return "Pavel approved, and Signalman carried it out";
  });
  await steps.step("original flag restored", "equal to the snapshot, field for field", async () => {
    needed(reverted, "reverse that was carried out");
    return until(10_000, async () => sameFieldForField(original, await flags.read(key)));
  });
  await steps.step("original answers restored", "every user gets what they got at the start", async () => {
    needed(reverted, "reverse that was carried out");
    return until(10_000, async () => {
      const { internal, others } = await flags.served(key);
      const before = new Map([...servedBefore.internal, ...servedBefore.others]);
      return sameServed(before, new Map([...internal, ...others]));
    });
  });
  await steps.step("audit verify", "exit code 0, the ledger is intact", () => verifyAudit(demo));
}

function said(who: string, told: string, expected: RegExp): string {
  if (!expected.test(told)) throw new Unexpected(`${who} was told: ${told}`);
  return `${who} was told: ${told}`;
}

/** In FeatBit's own form: one new rule that serves the suspect wholly, and a default rule without it. */
function limited(flag: WireFlag): string {
  const [rule, ...more] = flag.rules;
  const idOf = (name: string) => flag.variations.find((variation) => variation.name === name)?.id;
  const shares = flag.fallthrough.variations.filter(({ rollout: [from = 0, to = 0] }) => to > from);
  if (rule === undefined || more.length > 0) throw new Unexpected(`${flag.rules.length} rules`);
  if (shares.length !== 1 || shares[0]?.id !== idOf(baseline)) {
    throw new Unexpected(`the default rule serves ${JSON.stringify(shares)}`);
  }
  return `rule "${rule.name}" added, default rule serves ${baseline} alone`;
}

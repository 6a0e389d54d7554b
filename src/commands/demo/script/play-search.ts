import { actionIdsOf, visibleText } from "../../../sandbox/slack/driver/visible-text.ts";
import { searchFlag } from "../../../sandbox/services/search.ts";
import { sameFieldForField } from "./flag-watch.ts";
import { fireAlert, type Stage, wordsOf } from "./stage-hands.ts";
import { Unexpected } from "./steps.ts";

/** Scenario (c): a flag was changed, but a deploy did it; the right answer is to leave the flag alone. */
export async function playSearch(stage: Stage): Promise<void> {
  const { steps, slack, flags, demo } = stage;
  steps.heading("(c) Search: an innocent flag change beside a bad deploy");
  const original = await flags.read(searchFlag.key);
  const version = demo.world.trouble.deploys.at(-1)?.version ?? "";

  const since = await fireAlert(stage, "search");
  await steps.step("no flag change recommended", `the card says so and names deploy ${version}`, async () => {
    const deploy = new RegExp(`No flag change recommended\\..*${version.replaceAll(".", "\\.")}`);
    const card = await slack.newCard(
      since,
      "SearchSlow",
      [deploy, /search_new_ranking is not it/],
      ["acknowledge"],
    );
    const offered = actionIdsOf(card);
    if (offered.includes("approve")) throw new Unexpected("there is something to approve", visibleText(card));
    return wordsOf(visibleText(card), /No flag change recommended\..*/);
  });
  await steps.step("flag left alone", "equal to the snapshot, field for field", async () =>
    sameFieldForField(original, await flags.read(searchFlag.key)),
  );
}

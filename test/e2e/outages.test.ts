import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  goodAnswer,
  malformedAnswer,
  refusedAnswer,
  truncatedAnswer,
} from "../../src/sandbox/openai/model-answers.ts";
import { visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { createWorld } from "../../src/sandbox/world/create-world.ts";
import { createPlay } from "../support/incident-play.ts";
import type { Shop } from "../support/open-shop.ts";
import { startSignalman, workFolder } from "../support/signalman.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";

describe("the model", () => {
  let shop: Shop;
  beforeAll(async () => {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(workFolder());
    const world = stack.use(await createWorld({ dataFolder: folder.dataFolder, withModel: true }));
    const model = { baseUrl: world.model?.baseUrl, name: "sandbox-model", timeoutMs: 1_500 };
    const settings = { ...world.settings, model };
    const signalman = stack.use(await startSignalman({ settings, env: world.env }, folder.path));
    const owned = stack.move();
    const play = createPlay(world);
    shop = { folder: folder.path, world, signalman, play, [Symbol.asyncDispose]: () => owned.disposeAsync() };
    // Shown, but not open: every incident may draft for the same flag.
    await play.setControl("signalman-mode", "draft_write");
  });
  afterAll(() => shop[Symbol.asyncDispose]());

  const suspecting = {
    cause: "flag",
    suspects: [
      { flagKey, confidence: "high", why: "It was turned on as the errors began.", citations: ["E1", "E2"] },
    ],
    abstention: null,
    confidence: "high",
  };
  const cases = [
    {
      title: "answers well",
      behaviour: goodAnswer(suspecting),
      says: /Drafted by sandbox-model, prompt assess@/,
    },
    { title: "answers no JSON", behaviour: malformedAnswer, says: /Drafted by rules, because .*JSON/i },
    { title: "is cut off", behaviour: truncatedAnswer, says: /Drafted by rules, because .*cut off/ },
    { title: "refuses", behaviour: refusedAnswer, says: /Drafted by rules, because .*refused/ },
  ];

  it.each(cases)(
    "$title: the card says who drafted it",
    async ({ behaviour, says }) => {
      const { play, world, signalman } = shop;
      world.model?.behave(behaviour);
      const before = play.cards().length;
      const alert = world.trouble.alert("checkout");
      await play.fire(signalman.doorUrl, "checkout", alert);
      try {
        const card = await until(
          `a card that says ${says}`,
          () =>
            play
              .cards()
              .slice(before)
              .find((each) => says.test(visibleText(each))),
          { seen: play.everything },
        );
        expect(visibleText(card)).toContain("*Proposed change*");
      } finally {
        await play.resolve(signalman.doorUrl, alert);
        await until("the incident to be resolved", () =>
          play
            .cards()
            .slice(before)
            .every((each) => visibleText(each).startsWith("Critical, resolved")),
        );
        await new Promise((resolve) => setTimeout(resolve, 1100));
      }
    },
    60_000,
  );
});

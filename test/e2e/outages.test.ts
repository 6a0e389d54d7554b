import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serverHome } from "../../src/adapters/postgres/embedded/server-home.ts";
import type { Fault } from "../../src/sandbox/featbit/faults.ts";
import {
  failedAnswer,
  garbageAnswer,
  goodAnswer,
  lateAnswer,
  malformedAnswer,
  rateLimitedAnswer,
  refusedAnswer,
  truncatedAnswer,
} from "../../src/sandbox/openai/model-answers.ts";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { createWorld } from "../../src/sandbox/world/create-world.ts";
import { createPlay } from "../support/incident-play.ts";
import { expectAuditPasses, expectFolded, readStore } from "../support/ledger-check.ts";
import { openShop, type Shop } from "../support/open-shop.ts";
import { startSignalman, workFolder } from "../support/signalman.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";

describe.concurrent("FeatBit at the write", () => {
  const cases: { title: string; fault: Pick<Fault, "when" | "does"> }[] = [
    { title: "cuts the connection after the effect", fault: { when: "after", does: { kind: "drop" } } },
    { title: "cuts the connection before the effect", fault: { when: "before", does: { kind: "drop" } } },
    { title: "never answers", fault: { when: "before", does: { kind: "hang" } } },
    { title: "has its effect and never answers", fault: { when: "after", does: { kind: "hang" } } },
    { title: "answers 500", fault: { when: "before", does: { kind: "status", status: 500 } } },
  ];

  it.each(cases)(
    "$title: read back, applied exactly once, and told so",
    async ({ fault }) => {
      await using shop = await openShop();
      const { play, world, signalman, folder } = shop;
      await play.fire(signalman.doorUrl, "checkout");
      await play.cardOffering("approve");
      world.featbit.inject({ server: "api", method: "PUT", path: flagKey, ...fault });
      expect(await play.approve("ruth")).toContain("Approved");
      const card = await play.cardWith("*Applied*", 40_000);
      expect(play.flag(flagKey).isEnabled).toBe(false);
      expect(play.mutationsOf(flagKey)).toHaveLength(1);
      if (fault.when === "after") {
        expect(visibleText(card)).toContain("The answer was lost; reading back confirmed it.");
      }
      await play.threadWith(/was applied/);
      expect(play.threadText()).toMatch(/It is not certain whether CHG-\S+ took effect/);
      expect(play.mutationsOf(flagKey)).toHaveLength(1);
      const { changes, typesOf } = await expectFolded(folder);
      expect(changes.map(({ status }) => status)).toEqual(["applied"]);
      expect(changes.flatMap(typesOf).filter((type) => type === "execution_started")).toHaveLength(1);
    },
    90_000,
  );
});

describe.concurrent("what is asked of others", () => {
  it("posts the card later, once, when Slack does not take it at first", async () => {
    await using shop = await openShop({ quiet: true });
    const { play, world, signalman } = shop;
    world.slack.faults.next("chat.postMessage", { kind: "status", status: 503 }, 2);
    world.slack.faults.next("chat.postMessage", { kind: "drop" }, 1);
    const { delivery } = await play.fire(signalman.doorUrl, "checkout");
    expect(delivery.httpStatus).toBe(202);
    await play.cardWith("CheckoutErrors", 30_000);
    const tries = world.slack.callLog.filter(({ method }) => method === "chat.postMessage").length;
    expect(tries).toBeGreaterThanOrEqual(4);
    await play.threadWith("*Evidence*", 20_000);
    expect(play.cards()).toHaveLength(1);
  }, 60_000);

  it("leaves at most one more card when Slack's answer to the post is lost", async () => {
    await using shop = await openShop();
    const { play, world, signalman } = shop;
    world.slack.faults.next("chat.postMessage", { kind: "drop_after_effect" });
    await play.fire(signalman.doorUrl, "checkout");
    await play.threadWith("*Evidence*", 30_000);
    expect(play.cards().length).toBeLessThanOrEqual(2);
    const [stray] = play.cards();
    if (play.cards().length === 2 && stray !== undefined) {
      const pressed = await play.press("ruth", "acknowledge", stray);
      expect(visibleText(await pressed.ephemeral())).toContain(
        "This is not the live card, so nothing was done",
      );
      await until("the stray card to be rewritten", () => actionIdsOf(play.cards()[0] ?? stray).length === 0);
    }
    await play.cardOffering("approve");
    expect(await play.approve("ruth")).toContain("Approved");
    await play.cardWith("*Applied*");
    expect(play.mutationsOf(flagKey)).toHaveLength(1);
  }, 60_000);

  it("states the gap while Prometheus is away, and never calls it recovered", async () => {
    await using shop = await openShop({ verifyAfterSeconds: 2 });
    const { play, world, signalman } = shop;
    await play.fire(signalman.doorUrl, "checkout");
    await play.cardOffering("approve");
    world.prometheus.faults.arm({ kind: "status", status: 503 }, { times: Infinity });
    await play.approve("ruth");
    await play.cardWith("*Verdict: no data.*", 40_000);
    expect(play.everything()).not.toMatch(/Verdict: (recovered|improved)/);

    await play.fire(signalman.doorUrl, "search");
    const card = await play.cardWith(/SearchSlow[^]*Not known: /, 30_000);
    expect(visibleText(card)).toMatch(/Not known: metric search_latency_p95 \(Prometheus/);
    expect(actionIdsOf(card)).not.toContain("approve");
  }, 90_000);

  it("answers 503 while the database is dead, takes alerts again when it is back, and lost none it took", async () => {
    await using shop = await openShop({ quiet: true });
    const { play, world, signalman, folder } = shop;
    const home = await serverHome(join(folder, "data"), () => undefined);
    const pid = Number(readFileSync(join(home.data, "postmaster.pid"), "utf8").split("\n")[0]);
    const sender = world.alertSender(signalman.doorUrl);
    const alert = world.trouble.alert("checkout");
    const numbered = (index: number) => ({ ...alert, labels: { try: String(index) } });
    expect((await sender.fire(numbered(0))).httpStatus).toBe(202);
    process.kill(pid, "SIGKILL");
    let index = 1;
    await until(
      "alerts to be taken again after a refusal",
      async () => {
        const { httpStatus } = await sender.fire(numbered(index++));
        expect([202, 503]).toContain(httpStatus);
        return httpStatus === 202 && sender.sent.some((delivery) => delivery.httpStatus === 503);
      },
      { timeoutMs: 20_000, seen: signalman.log },
    );
    const taken = sender.acknowledged().length;
    await until(
      "every alert that was taken to be in the incident",
      async () => {
        await using opened = await readStore(folder);
        const incidents = await opened.store.ledger.incidents({ limit: 10 });
        return incidents.reduce((sum, { state }) => sum + state.alertCount, 0) >= taken;
      },
      { everyMs: 300, seen: signalman.log },
    );
    await play.cardWith("CheckoutErrors");
    expect(play.cards()).toHaveLength(1);
    await expectAuditPasses(folder);
  }, 60_000);
});

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
    { title: "is overrun", behaviour: rateLimitedAnswer, says: /Drafted by rules, because / },
    { title: "fails", behaviour: failedAnswer, says: /Drafted by rules, because / },
    { title: "is a sign-in page", behaviour: garbageAnswer, says: /Drafted by rules, because / },
    { title: "is late", behaviour: lateAnswer(20_000), says: /Drafted by rules, because .*1\.5 s|1500 ms/ },
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

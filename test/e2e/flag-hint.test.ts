import { expect, it } from "vitest";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { shopEnvironment } from "../../src/sandbox/world/flags.ts";
import { emailOf } from "../../src/sandbox/world/people.ts";
import { createPlay } from "../support/incident-play.ts";
import { expectAuditPasses, expectFolded } from "../support/ledger-check.ts";
import { buildWorld } from "../support/open-shop.ts";
import { startSignalman, workFolder } from "../support/signalman.ts";
import { until } from "../support/until.ts";

const flag = { env: shopEnvironment, key: "checkout_one_click" };
const secret = "sandbox-featbit-webhook-secret";

it("takes back a card whose flag has moved, by FeatBit's webhook and without a click", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(workFolder());
  const world = stack.use(await buildWorld({ dataFolder: folder.dataFolder }));
  const sources = [
    ...(Array.isArray(world.settings["sources"]) ? (world.settings["sources"] as unknown[]) : []),
    { id: "featbit", kind: "featbit", secretEnv: "FEATBIT_WEBHOOK_SECRET" },
  ];
  const signalman = stack.use(
    await startSignalman(
      {
        settings: { ...world.settings, sources },
        env: { ...world.env, FEATBIT_WEBHOOK_SECRET: secret },
      },
      folder.path,
    ),
  );
  world.featbit.seed({
    webhooks: [
      {
        env: shopEnvironment,
        url: `${signalman.doorUrl}/webhooks/featbit`,
        events: ["feature_flag.toggled", "feature_flag.targeting_changed"],
        secret,
      },
    ],
  });
  const play = createPlay(world);
  await play.fire(signalman.doorUrl, "checkout");
  await play.cardOffering("approve");

  const toggledAt = performance.now();
  await world.featbit.as(emailOf("chen")).toggle(flag, false, "I had a look myself");
  const card = await play.cardWith("*Superseded*", 10_000);
  const tookMs = Math.round(performance.now() - toggledAt);
  expect(visibleText(card)).toContain("Nothing was changed.");
  expect(visibleText(card)).toMatch(/The flag now:\*[^]*Off/);
  expect(actionIdsOf(card)).not.toContain("approve");
  expect(world.featbit.deliveries.at(-1)).toMatchObject({ delivered: true, attempts: 1 });
  expect(play.mutationsOf(flag.key).filter(({ comment }) => comment.startsWith("OP-"))).toEqual([]);
  process.stdout.write(`From the toggle to the rewritten card: ${tookMs} ms\n`);

  const { changes, typesOf } = await until(
    "the ledger to hold the end of the change",
    async () => {
      const recorded = await expectFolded(folder.path);
      return recorded.changes[0]?.status === "superseded" ? recorded : undefined;
    },
    { seen: play.everything },
  );
  expect(changes.slice(0, 1).flatMap(typesOf)).not.toContain("execution_started");
  await expectAuditPasses(folder.path);
}, 60_000);

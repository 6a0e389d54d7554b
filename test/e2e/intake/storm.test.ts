import { expect, it } from "vitest";
import { goodAnswer } from "../../../src/sandbox/openai/model-answers.ts";
import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { expectAuditPasses, expectFolded } from "../../support/ledger-check.ts";
import { until } from "../../support/until.ts";
import { inTurns } from "./in-turns.ts";
import { openIntake } from "./open-intake.ts";

const services = 10;
const fingerprints = 200;
const repeats = 10;
/** One for each incident of the storm, and none for what comes beside it. */
const callsPerHour = services;

const serviceNames = [...Array(services).keys()].map((index) => `service-${index}`);

it("makes ten cards and ten model calls of 2,000 alerts, and goes on by rules when the budget is spent", async () => {
  await using intake = await openIntake({
    quiet: true,
    withModel: true,
    settings: ({ model }) => ({
      model: { baseUrl: model?.baseUrl, name: "sandbox-model", budget: { callsPerHour } },
      // As by default: the shop's own setting would take every second of the storm for trouble of its own.
      timing: { reopenWithin: "30m" },
      services: [...serviceNames, "lone"].map((name) => ({
        name,
        owner: "Shop",
        environments: { production: { project: "shop", environment: "prod" } },
        sources: ["alertmanager", "generic"].map((id) => ({ id, match: { service: name } })),
      })),
    }),
  });
  const { world, signalman, play, folder } = intake;
  world.model?.behave(
    goodAnswer({
      cause: "unknown",
      suspects: [],
      abstention: "Nothing points at a flag.",
      confidence: "low",
    }),
  );
  const sender = world.alertSender(signalman.doorUrl);
  const startsAt = Date.now() - 60_000;
  const alertOf = (index: number, severity: "critical" | "warning" = "warning") => ({
    name: `Alert ${index}`,
    service: serviceNames[index % services] ?? "",
    environment: "production",
    severity,
    summary: `Number ${index} is too high`,
    description: "",
    startsAt,
  });

  // Every fingerprint again and again, in an order that no sender keeps: 7 and 2,000 share no factor.
  const order = [...Array(fingerprints * repeats).keys()].map((index) => (index * 7) % fingerprints);
  const startedAt = performance.now();
  await inTurns(order, 16, (index) => sender.fire(alertOf(index)));
  const sentMs = Math.round(performance.now() - startedAt);
  expect(sender.acknowledged()).toHaveLength(order.length);

  const loneAt = performance.now();
  const lone = { ...alertOf(fingerprints, "critical"), name: "LoneCritical", service: "lone" };
  expect((await sender.fire(lone)).httpStatus).toBe(202);
  await play.cardWith("LoneCritical", 30_000);
  const loneMs = Math.round(performance.now() - loneAt);
  // It stands in the channel where the ten cards of the storm wait for Slack's pace.
  expect(loneMs).toBeLessThan(5_000);

  const correlationIds = sender.sent.map(({ correlationId }) => correlationId ?? "");
  const ended = await intake.endsOf(correlationIds, 60_000);
  expect(new Set(ended.map(({ outcome }) => outcome))).toEqual(new Set(["joined"]));

  // Not for the threads below them, which Slack takes a message a second of.
  const cardTexts = () => play.cards().map((card) => visibleText(card));
  const cards = await until(
    "a conclusion on every card",
    () => {
      const texts = cardTexts();
      return texts.length > services && texts.every((text) => text.includes("Drafted by")) ? texts : null;
    },
    { timeoutMs: 60_000, seen: signalman.log },
  );
  const concludedMs = Math.round(performance.now() - startedAt);

  expect(cards).toHaveLength(services + 1);
  expect(world.model?.requests).toHaveLength(callsPerHour);
  expect(cards.filter((text) => text.includes("Drafted by sandbox-model"))).toHaveLength(services);
  const byRules = cards.filter((text) => text.includes("Drafted by rules"));
  expect(byRules).toHaveLength(1);
  expect(byRules[0]).toContain(`The budget of ${callsPerHour} model calls per hour`);

  const { incidents } = await expectFolded(folder);
  expect(incidents).toHaveLength(services + 1);
  expect(incidents.reduce((sum, { alertCount }) => sum + alertCount, 0)).toBe(fingerprints + 1);
  await expectAuditPasses(folder);
  const sends = (method: string) => world.slack.callLog.filter((call) => call.method === method).length;
  process.stdout.write(
    [
      `storm: ${order.length} alerts of ${fingerprints} fingerprints in ${services} services sent in ${sentMs} ms;`,
      `${services} cards (and 1 of a lone critical after ${loneMs} ms), ${world.model?.requests.length} model calls,`,
      `1 drafted by rules beyond the budget; ${sends("chat.postMessage")} posts and ${sends("chat.update")} rewrites,`,
      `concluded on every card after ${concludedMs} ms, nothing lost\n`,
    ].join(" "),
  );

  // Lines wait for Slack's pace still; nobody has to wait for them in order to stop.
  const stoppingAt = performance.now();
  await signalman[Symbol.asyncDispose]();
  const stoppedMs = Math.round(performance.now() - stoppingAt);
  process.stdout.write(`stopped in the middle of it in ${stoppedMs} ms\n`);
  expect(stoppedMs).toBeLessThan(5_000);
}, 150_000);

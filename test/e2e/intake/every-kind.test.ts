import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DeliveryId, Instant } from "../../../src/domain/ids.ts";
import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { openssl } from "../../contract/http/sns-world.ts";
import { expectAuditPasses } from "../../support/ledger-check.ts";
import { runSignalman } from "../../support/signalman.ts";
import { until } from "../../support/until.ts";
import { type Amazon, openAmazon } from "./amazon.ts";
import { inTurns } from "./in-turns.ts";
import { asHeader, everywhere, naughtyStrings } from "./naughty-strings.ts";
import { type Intake, openIntake, post, secretOf, variableOf } from "./open-intake.ts";
import { type Came, filesThatEnded, sendAsVendors, tableOf } from "./send-as-vendors.ts";
import { fixtureBodies, publicBodies, vendorSources } from "./vendor-bodies.ts";

/** Beside those of vendors: one whose every text is hostile, and one of which one delivery is poison. */
const otherSources = ["hostile", "poisoned"].map((id) => ({
  id,
  kind: "generic",
  secretEnv: variableOf(id),
  grouping: { by: ["group"] },
}));

const undo = new AsyncDisposableStack();
let intake: Intake;
let amazon: Amazon | null = null;

beforeAll(async () => {
  intake = undo.use(
    await openIntake({
      quiet: true,
      sources: [...vendorSources, ...otherSources],
      settings: () => ({ intake: { mostOpenIncidents: 1000 }, timing: { sweepEvery: "1s" } }),
    }),
  );
  // Incidents without cards, for Slack's pace: what is looked at here is what becomes of deliveries.
  await intake.play.setControl("signalman-mode", "off");
  if (openssl !== null) amazon = undo.use(await openAmazon(vendorSources, intake.store.inbox));
}, 60_000);
afterAll(() => undo.disposeAsync());

/** The plain form, with the bearer token of its source. */
function postPlain(sourceId: string, body: unknown, headers: Record<string, string> = {}) {
  return post(intake.doorOf(sourceId), JSON.stringify(body), {
    ...headers,
    "content-type": "application/json",
    authorization: `Bearer ${secretOf(sourceId)}`,
  });
}

function counted(values: readonly (string | number)[]): string {
  const counts = new Map<string | number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => `${count} ${value}`).join(", ");
}

const catalogue = ["support-assistant", "checkout", "search"];

function expectSense({ file, outcome, words, incidents, alerts, sourceId }: Came): void {
  expect(["joined", "noted", "quarantined"], file).toContain(outcome);
  if (outcome !== "joined") return expect(words, file).toMatch(/\S+ \S+/);
  expect(incidents, file).not.toEqual([]);
  for (const alert of alerts) {
    expect(alert.title, file).not.toBe(`Alert of ${sourceId}`);
    expect(alert.title, file).not.toMatch(/^\s*$|\[object|undefined|null|[{}[\]]$/);
    expect(
      alert.links.every((link) => /^https?:$/.test(new URL(link).protocol)),
      file,
    ).toBe(true);
    const service = alert.labels["service"] ?? "";
    if (!catalogue.includes(service)) continue;
    // It is in that service's incident, or in one that says why it is not.
    const places = incidents.map(({ scope, noScopeBecause }) => scope?.service ?? noScopeBecause ?? "");
    expect(
      places.some((place) => place.includes(service)),
      `${file}: ${places.join()}`,
    ).toBe(true);
  }
}

it("takes in what every kind's documentation shows, signed as the vendor does, and refuses forgeries", async () => {
  const came = await sendAsVendors(fixtureBodies, intake, amazon);
  process.stdout.write(tableOf("Bodies after the documentation", came));
  came.forEach(expectSense);
  for (const kind of new Set(came.map((each) => each.kind))) {
    const alerts = came.filter((each) => each.kind === kind).flatMap((each) => each.alerts);
    if (["change", "featbit", "github"].includes(kind)) expect(alerts, kind).toEqual([]);
    else
      expect(
        alerts.filter(({ labels }) => labels["service"]),
        kind,
      ).not.toEqual([]);
  }
  expect(filesThatEnded("quarantined", came)).toEqual([]);
  expect(filesThatEnded("noted", came)).toEqual([
    "change-deploy",
    "change-several",
    "change-sparse",
    "cloudevents-cdevent-deployed",
    ...(amazon === null ? [] : ["cloudwatch-confirmation"]),
    // Its first news is that it is over.
    "datadog-incident",
    "dynatrace-test",
    "featbit-segment-shared",
    "generic-mapped",
    "github-deployment",
    "github-deployment-status-failure",
    "github-deployment-status-inactive",
    "github-deployment-status-success",
    "github-ping",
    "google-test",
    "new-relic-test",
    "opsgenie-note",
    "opsgenie-snooze",
    "pagerduty-annotated",
    "pagerduty-ping",
    "sentry-installation",
    "uptime-kuma-maintenance",
    "uptime-kuma-test",
  ]);
  const keptOf = async (service: string | null) => {
    const range = {
      from: Instant.parse("2020-01-01T00:00:00.000Z"),
      to: await intake.store.now(),
      limit: 100,
    };
    const changes = await intake.store.outsideChanges.between({ ...range, service, environmentName: null });
    return changes.map(({ change }) => change.sourceId);
  };
  expect(new Set(await keptOf("checkout"))).toEqual(new Set(["own-change", "own-cloudevents", "own-github"]));
  expect(await keptOf(null)).toContain("own-change");
}, 90_000);

it.skipIf(publicBodies.length === 0)(
  "takes in the bodies of public projects, or says why it does not",
  async () => {
    const came = await sendAsVendors(publicBodies, intake, amazon);
    process.stdout.write(tableOf("Public bodies", came));
    came.forEach(expectSense);
    const { length } = filesThatEnded("quarantined", came);
    expect(length).toBeLessThanOrEqual(came.length / 10);
    for (const { file, outcome, words } of came) {
      // Which member, and what about it.
      if (outcome === "quarantined") expect(words, file).toMatch(/^\S+: \S/);
      else if (outcome === "noted")
        expect(words, file).toMatch(/is resolved for which|Confirmation|test|ping/);
    }
  },
  60_000,
);

it("settles texts that mean harm, in every field, and logs nothing that is not one JSON a line", async () => {
  const texts = naughtyStrings();
  const correlationIds: string[] = [];
  const answers: number[] = [];
  await inTurns(texts, 8, async (text) => {
    const { status, correlationId } = await postPlain("hostile", everywhere(text), {
      "user-agent": asHeader(text),
    });
    answers.push(status);
    if (status === 202) correlationIds.push(correlationId);
    const nowhere = await fetch(
      `${intake.signalman.doorUrl}/webhooks/${encodeURIComponent(text.toWellFormed())}`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${asHeader(text)}` },
      },
    );
    expect([401, 404, 405, 411, 415]).toContain(nowhere.status);
  });
  const ended = await intake.endsOf(correlationIds, 60_000);
  const ends = ended.map(({ outcome }) => outcome);
  process.stdout.write(`${texts.length} hostile texts: ${counted(answers)}; ${counted(ends)}\n`);
  expect(new Set(answers)).toEqual(new Set([202]));
  expect(ended).toHaveLength(texts.length);
}, 90_000);

it("puts one poison of a thousand aside, says so, and takes it in anew by command", async () => {
  const { pool, signalman, world, folder, store } = intake;
  // A text that the database refuses, in words that would colour a terminal: a bug that no caller of it foresaw.
  await pool.query(`
    create function refuse_poison() returns trigger language plpgsql as $$
    begin
      if new.data like '%poison-pill%' then
        raise exception 'unsupported text % end', chr(27) || '[31mred' || chr(10) || '{"level":"info"}'
          using errcode = '22P05';
      end if;
      return new;
    end $$;
    create trigger refuse_poison before insert on events for each row execute function refuse_poison()`);
  const correlationIds: string[] = [];
  const startedAt = performance.now();
  await inTurns([...Array(1000).keys()], 8, async (index) => {
    const title = index === 500 ? "poison-pill" : `alert ${index}`;
    const { status, correlationId } = await postPlain("poisoned", {
      title,
      status: "firing",
      labels: { group: index === 500 ? "its own" : `${index % 10}` },
    });
    expect(status).toBe(202);
    correlationIds[index] = correlationId;
  });
  const ended = await intake.endsOf(correlationIds, 60_000);
  const tookMs = Math.round(performance.now() - startedAt);
  expect(ended.filter(({ outcome }) => outcome === "joined")).toHaveLength(999);
  const poison = ended[500];
  expect(poison).toMatchObject({
    outcome: "quarantined",
    words: expect.stringContaining("unsupported text"),
  });
  const delivery = await store.inbox.delivery(poison?.id ?? DeliveryId.parse(randomUUID()));
  expect(delivery?.attempts).toBeLessThanOrEqual(5);
  process.stdout.write(
    `1 poison in 1,000: 999 joined, 1 quarantined, ${tookMs} ms from the first post to the last end\n`,
  );

  const said = () => world.slack.messages(world.channels.ops.id).map((message) => visibleText(message));
  const notes = () => said().filter((text) => text.includes("`poisoned`") && text.includes("quarantine"));
  await until("one note in Slack", () => notes().length === 1, { seen: () => said().join("\n") });
  const typed = await world.slack
    .as(world.people.ruth.id)
    .command("/ops", "quarantine poisoned", world.channels.ops.id);
  expect(visibleText(await typed.ephemeral())).toContain(poison?.id);
  const listed = await runSignalman(["quarantine", "list", "--source", "poisoned"], folder, {});
  expect(listed.output).toContain(poison?.id);
  expect(listed.output).not.toContain("\u001b");

  await pool.query("drop trigger refuse_poison on events");
  const requeued = await runSignalman(["quarantine", "requeue", poison?.id ?? ""], folder, {});
  expect(requeued).toMatchObject({ code: 0 });
  const [anew] = await intake.endsOf(correlationIds.slice(500, 501));
  expect(anew).toMatchObject({ outcome: "joined", alerts: [{ title: "poison-pill" }] });
  const after = await world.slack
    .as(world.people.ruth.id)
    .command("/ops", "quarantine poisoned", world.channels.ops.id);
  expect(visibleText(await after.ephemeral())).toContain("Nothing of `poisoned` is in quarantine");
  expect(notes()).toHaveLength(1);
  // What the database said stands in the log, with its colour and its line made harmless.
  expect(signalman.log()).toContain(String.raw`unsupported text \u001b[31mred\n{\"level\":\"info\"} end`);
}, 120_000);

it("has kept a log of one JSON a line and a ledger that verifies, after all of this", async () => {
  const lines = intake.signalman
    .log()
    .split("\n")
    .filter((line) => line !== "");
  for (const line of lines) {
    const parsed: unknown = JSON.parse(line);
    expect(parsed, line).toMatchObject({ level: expect.any(String), msg: expect.any(String) });
    // Nor anything that a terminal would obey.
    expect(/[\p{Cc}\u2028\u2029]/u.test(line), JSON.stringify(line)).toBe(false);
  }
  const bytes = Math.round(intake.signalman.log().length / 1024);
  process.stdout.write(`${lines.length} lines of log (${bytes} KiB), each one JSON\n`);
  expect(lines.length).toBeGreaterThan(20);
  await expectAuditPasses(intake.folder);
}, 60_000);

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDelivery } from "../../../src/adapters/http/parse-delivery.ts";
import { userMessage } from "../../../src/adapters/openai/user-message.ts";
import { createLog } from "../../../src/adapters/otel/create-log.ts";
import { renderCard } from "../../../src/adapters/slack/card/render-card.ts";
import { detailsModal } from "../../../src/adapters/slack/modals/details-modal.ts";
import { eventLines } from "../../../src/adapters/slack/thread/event-line.ts";
import { evidenceMessage } from "../../../src/adapters/slack/thread/evidence-message.ts";
import { storyText } from "../../../src/commands/audit/story-text.ts";
import { readStory } from "../../../src/pipeline/read-story.ts";
import { deliveryText } from "../../../src/commands/quarantine/delivery-text.ts";
import { shownDelivery } from "../../../src/pipeline/console/shown-delivery.ts";
import { ChangeId, DeliveryId, IncidentId, toInstant, StandingId } from "../../../src/domain/ids.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { Source } from "../../../src/domain/source.ts";
import { assess } from "../../../src/pipeline/drafting/assess.ts";
import { gatherEvidence } from "../../../src/pipeline/evidence/gather-evidence.ts";
import { drainSource } from "../../../src/pipeline/intake/drain-source.ts";
import { contextOf, investigate, type InvestigateDeps } from "../../../src/pipeline/investigate.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { readIncident } from "../../../src/pipeline/people/read-incident.ts";
import { drainStage } from "../../../src/pipeline/run-stage.ts";
import { delivery } from "../../contract/storage/story-of-streams.ts";
import { intakeDefaults, recordingDoorbell } from "../../support/intake-deps.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { ladderOf, modelSaying } from "../../support/model-fixtures.ts";
import { exampleRoles, homeTeam, personWith, noGuard } from "../../support/policy-fixtures.ts";
import {
  ago,
  allowingRulebook,
  flagOf,
  flagReader,
  jump,
  minutes,
  now,
  reading,
  rerankerWorld,
  serviceOf,
} from "../drafting/world.ts";

/** Texts of others by where they stand; what is left out is harmless. */
export interface Planted {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  alert?: Record<string, string>;
  groupKey?: string;
  change?: Record<string, string>;
  auditComment?: string;
  metricLabel?: string;
  /** The value of a metric's label `db_password`. */
  metricPassword?: string;
  rationale?: string;
}

export const sinks = ["model request", "Slack", "log", "ledger", "labels", "command line"] as const;
export type Sink = (typeof sinks)[number];

const sources = [
  Source.parse({ id: "alertmanager", kind: "alertmanager", secretEnv: "A" }),
  Source.parse({ id: "deploys", kind: "change", secretEnv: "B" }),
];
const doorbell = recordingDoorbell();

/** Everything that leaves Signalman while an alert becomes an approved change, by where it goes. */
export async function runThrough(planted: Planted): Promise<Record<Sink, string>> {
  const clock = movableClock(toInstant(now));
  const store = createInMemoryStore({ clock });
  const folder = mkdtempSync(join(tmpdir(), "signalman-sinks-"));
  const file = join(folder, "log");
  const log = createLog({ level: "debug", file, base: { role: "all" } });
  const world = worldWith(planted);
  const service = serviceOf(world);
  const services = [service];
  const flags = flagReader(world);
  const requests: string[] = [];
  let made = 0;
  const tail = () => String(++made).padStart(10, "0");

  await accept(store, "deploys", changeBody(planted));
  const alertId = await accept(store, "alertmanager", alertBody(planted));
  const drain = {
    store,
    ...intakeDefaults,
    sources,
    services,
    doorbell,
    log,
    parse: (each: Parameters<typeof parseDelivery>[0]) => parseDelivery(each, sources),
    newIncidentId: () => IncidentId.parse(`INC-${tail()}`),
  };
  for (const { id } of sources) await drainSource(id, drain);

  const model = modelSaying(({ brief }) => {
    requests.push(userMessage(brief));
    throw new OpsError("bad_answer", `no JSON: ${JSON.stringify(planted)}`);
  });
  const [incident] = store.tables.incidents.values();
  if (incident === undefined) throw new Error("no incident came of the alert");
  const { id } = incident.state;
  const identity = { homeTeamId: async () => homeTeam, person: async () => personWith({ userId: "U0RITA" }) };
  const snapshots = () => flags.list({ project: "p", environment: "prod" }, service.flags);
  const read: InvestigateDeps["flags"]["read"] = async ({ key }) =>
    (await snapshots()).find(({ ref }) => ref.key === key) ?? null;
  const controls = { read: async () => reading };
  const deps: InvestigateDeps = {
    store,
    controls,
    guard: noGuard,
    flags: { refOf: flags.refOf, segments: flags.segments, read },
    services,
    sources,
    rulebook: allowingRulebook,
    newChangeId: () => ChangeId.parse(`CHG-${tail()}`),
    log,
    gather: (state, of) =>
      gatherEvidence({
        incident: state,
        service: of,
        now: toInstant(now),
        ports: {
          flags,
          telemetry: telemetryOf(world.metrics ?? {}),
          runbooks: [],
          outsideChanges: (range) => store.outsideChanges.between(range),
        },
        lookBackMs: minutes(60),
        budgetMs: 1000,
      }),
    assess: (state, of, evidence, controlled) =>
      assess(state, of, evidence, controlled, {
        flags,
        rulebook: allowingRulebook,
        ladder: ladderOf(model, { log }),
        verifyAfterMs: minutes(5),
        log,
      }),
  };
  const run = { store, doorbell, log, leaseMs: 30_000, maxAttempts: 5 };
  await drainStage("investigate", id, (item, lastTry) => investigate(item, deps, lastTry), run);

  const rulebook = { ...allowingRulebook, roles: exampleRoles };
  const actions = personActions({
    ...deps,
    newIncidentId: () => id,
    flags: { refOf: flags.refOf, read, segments: flags.segments },
    newStandingId: () => StandingId.parse("STA-0000000001"),
    identity,
    rulebook,
    controls,
  });
  const [change] = await store.ledger.changesOfIncident(id);
  if (change !== undefined) {
    const { version, proposal } = change.state;
    const vote = { changeId: change.state.id, version, digest: proposal.digest, vote: "reject" as const };
    await actions.vote({ ...vote, userId: "U0RITA", rationale: planted.rationale ?? "No." });
  }

  // What any failure may carry into a log.
  const failure = new OpsError("unreachable", `Could not be reached: ${JSON.stringify(planted)}`);
  log.warn({ intent: "try", err: failure, planted }, `It failed. ${failure.message}`);
  log.error({ intent: "try", err: new Error("outer", { cause: failure }) }, "It failed.");

  const view = await readIncident(id, { store, services });
  const story = await readStory(store, id);
  const kept = await store.inbox.delivery(alertId);
  if (view === null || story === null || kept === null) throw new Error("something is not to be read back");
  const facts = {
    expandable: false,
    standable: false,
    linkedCardUrl: null,
    flagUrl: null,
    consoleUrl: null,
    misplaced: null,
  };
  const slack = [
    renderCard(view, facts),
    view.evidence === null ? null : evidenceMessage(view.evidence),
    view.timeline.map(eventLines),
    view.changes.map((each) => detailsModal(each, view, null)),
    view.plot?.altText,
  ];
  const written = readFileSync(file, "utf8");
  rmSync(folder, { recursive: true });
  return {
    "model request": requests.join("\n"),
    Slack: JSON.stringify(slack),
    log: written,
    ledger: JSON.stringify([store.tables.events, [...store.tables.bodies.values()]]),
    labels: JSON.stringify([contextOf(view.incident), view.incident.alerts.map(({ alert }) => alert.labels)]),
    "command line": `${storyText(story)}\n${deliveryText(shownDelivery(kept))}`,
  };
}

async function accept(store: ReturnType<typeof createInMemoryStore>, source: string, body: object) {
  const given = { ...delivery(source, null), body: Buffer.from(JSON.stringify(body)) };
  await store.inbox.accept(given);
  return DeliveryId.parse(given.id);
}

function alertBody({ labels, annotations, alert, groupKey = "{}" }: Planted): object {
  return {
    version: "4",
    status: "firing",
    groupKey,
    alerts: [
      {
        status: "firing",
        labels: {
          alertname: "SlowAnswers",
          service: "support-assistant",
          environment: "production",
          severity: "critical",
          ...labels,
        },
        annotations: { summary: "Answers are slow.", ...annotations },
        startsAt: ago(4),
        ...alert,
      },
    ],
  };
}

function changeBody({ change }: Planted): object {
  return {
    id: "build-1",
    kind: "config",
    title: "Retries raised",
    service: "support-assistant",
    environment: "production",
    at: ago(30),
    ...change,
  };
}

function worldWith({ auditComment, metricLabel, metricPassword }: Planted) {
  const at = ago(6);
  const world = rerankerWorld();
  const [first] = world.changes ?? [];
  return rerankerWorld({
    changes: [
      {
        at,
        before: first?.before ?? null,
        after: first?.after ?? flagOf("support_answer_profile", { "v-base": 90, "v-new": 10 }),
        comment: auditComment ?? "",
      },
    ],
    metrics: {
      ...world.metrics,
      latency_by_pod: [
        {
          labels: {
            pod: metricLabel ?? "a",
            ...(metricPassword !== undefined && { db_password: metricPassword }),
          },
          value: jump(at, 0.8, 2.4),
        },
      ],
    },
  });
}

function telemetryOf(metrics: NonNullable<ReturnType<typeof rerankerWorld>["metrics"]>) {
  return {
    async range(promql: string, from: string, to: string, stepMs: number) {
      return (metrics[promql] ?? []).map(({ labels = {}, value, from: first = -Infinity }) => {
        const points: [number, number][] = [];
        for (let time = Date.parse(from); time <= Date.parse(to); time += stepMs) {
          if (time >= first) points.push([time, value(time)]);
        }
        return { labels, points };
      });
    },
  };
}

import { rulesRoute } from "../../src/domain/assessment.ts";
import type { ChangeCommand } from "../../src/domain/change/change-command.ts";
import { decideChange } from "../../src/domain/change/decide-change.ts";
import { evolveChange, type ChangeState } from "../../src/domain/change/change.ts";
import type { Evidence } from "../../src/domain/evidence/evidence.ts";
import { plotOf } from "../../src/domain/evidence/plot.ts";
import { DeliveryId, Instant, toInstant, type ChangeId } from "../../src/domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../src/domain/incident/decide-incident.ts";
import { evolveIncident, type IncidentState } from "../../src/domain/incident/incident.ts";
import type { LedgerEntry } from "../../src/domain/ledger/chain.ts";
import type { StreamName } from "../../src/domain/ledger/stream.ts";
import type { IncidentView } from "../../src/pipeline/ports/announcer.ts";
import { changeId, correlationId, incidentId } from "./change-fixtures.ts";

const began = Instant.parse("2026-11-21T02:00:00.000Z");

/** An incident and its changes, told by commands of the real core, one minute apart. */
function createStory() {
  let incident: IncidentState | null = null;
  const changes = new Map<ChangeId, ChangeState>();
  const timeline: LedgerEntry[] = [];
  let minutes = 0;
  let evidence: Evidence | null = null;
  let linked: ChangeState | null = null;

  const now = (): Instant => toInstant(Date.parse(began) + minutes * 60_000);

  const record = (stream: StreamName, event: { type: string; at: Instant }): void => {
    const { type, at, ...data } = event;
    const version = timeline.filter((entry) => entry.stream === stream).length + 1;
    const hash = "0".repeat(64);
    timeline.push({ stream, version, position: null, type, at, data, prevHash: hash, hash });
  };

  return {
    now,
    pass(more: number): void {
      minutes += more;
    },
    incident(command: IncidentCommand): void {
      minutes += 1;
      const answer = decideIncident(command, incident, now());
      if (answer.kind === "refused") throw new Error(`the story cannot go on: ${answer.reason}`);
      for (const event of answer.events) {
        incident = evolveIncident(incidentId, incident, event);
        record(`incident/${incidentId}`, event);
      }
    },
    change(command: ChangeCommand, id: ChangeId = changeId): ChangeState {
      minutes += 1;
      const answer = decideChange(command, changes.get(id) ?? null, now());
      if (answer.kind === "refused") throw new Error(`the story cannot go on: ${answer.reason}`);
      for (const event of answer.events) {
        changes.set(id, evolveChange(id, changes.get(id) ?? null, event));
        record(`change/${id}`, event);
      }
      const state = changes.get(id);
      if (state === undefined) throw new Error(`${id} has no state`);
      return state;
    },
    gathered(found: Evidence): void {
      evidence = found;
    },
    linkedTo(change: ChangeState): void {
      linked = change;
    },
    view(): IncidentView {
      if (incident === null) throw new Error("the story has no incident yet");
      return {
        incident,
        service: null,
        changes: [...changes.values()],
        evidence,
        evidenceRemovedAt: null,
        plot: evidence === null ? null : plotOf(evidence, "errors"),
        timeline: [...timeline],
        linked,
        lowered: [],
        now: now(),
      };
    },
  };
}
export type Story = ReturnType<typeof createStory>;

/** Texts of others that a test may poison. */
export interface Wording {
  title: string;
  summary: string;
  service: string;
  author: string;
  evidence: string;
  model: string;
  gap: string;
}

export const plainWording: Wording = {
  title: "Checkout errors are high",
  summary: "5% of checkouts fail",
  service: "checkout",
  author: "Dora Developer",
  evidence: "checkout_one_click: off → on for everyone",
  model: "Errors began right after one-click checkout was turned on.",
  gap: "no answer in 5 s",
};

/** From the alert to the assessment; what follows is the test's. */
export function investigated(words: Wording = plainWording, story: Story = createStory()): Story {
  const requester = { kind: "source", sourceId: "alertmanager" } as const;
  story.incident({
    command: "open",
    kind: "alert",
    groupKey: "g",
    correlationId,
    title: words.title,
    severity: "critical",
    scope: { service: words.service, environmentName: "production", project: "shop", environment: "prod" },
    tenant: "shop",
    channel: "",
    requester,
  });
  story.incident({
    command: "join_alert",
    deliveryId: DeliveryId.parse(crypto.randomUUID()),
    alert: {
      sourceId: "alertmanager",
      fingerprint: "f1",
      status: "firing",
      title: words.title || "alert",
      summary: words.summary,
      severity: "critical",
      startedAt: toInstant(Date.parse(began) - 60_000),
      endedAt: null,
      labels: {},
      links: [],
      groupHint: null,
    },
  });
  const evidence = evidenceOf(words);
  story.gathered(evidence);
  story.incident({
    command: "record_evidence",
    bodyId: "b1",
    hash: "h1",
    items: evidence.items.length,
    gaps: evidence.gaps,
  });
  story.incident({
    command: "record_assessment",
    assessment: {
      route: { ...rulesRoute, fellBack: "the model was late." },
      cause: "flag",
      summary: words.model,
      suspects: [
        { flagKey: "checkout_one_click", confidence: "high", why: words.model, citations: ["E1", "E2"] },
        { flagKey: "checkout_theme", confidence: "low", why: "It changed too.", citations: ["E3"] },
      ],
      candidateId: "C1",
      abstention: "",
      expected: null,
      confidence: "high",
      cappedBecause: [],
      gaps: [],
      dropped: [],
    },
    candidates: [],
    transcript: null,
  });
  return story;
}

function evidenceOf(words: Wording): Evidence {
  const ref = { project: "shop", environment: "prod", environmentId: "env-1", key: "checkout_one_click" };
  const changedAt = toInstant(Date.parse(began) - 13 * 60_000);
  return {
    from: toInstant(Date.parse(began) - 3_600_000),
    to: began,
    items: [
      {
        id: "E1",
        kind: "flag_change",
        title: `Flag ${ref.key} changed`,
        text: [words.evidence],
        ref,
        flagName: words.title,
        auditId: "a1",
        at: changedAt,
        author: { name: words.author, email: null },
        ownChangeId: null,
        segmentName: null,
        gained: ["on"],
        gainedNames: ["On"],
        movedPercent: 100,
        targetsMoved: 0,
        inEffect: true,
      },
      {
        id: "E2",
        kind: "metric",
        title: words.evidence,
        text: ["mean 0.2% → 5%"],
        queryId: "errors",
        unit: "%",
        badDirection: "up",
        labels: {},
        before: { mean: 0.2, max: 0.4, samples: 60 },
        after: { mean: 5, max: 7, samples: 12 },
        trend: "degraded",
        onsetAt: changedAt,
        shift: { size: 4.8, relative: 24, score: 30 },
        cohort: null,
        points: Array.from(
          { length: 60 },
          (_, index) => [index * 1000, index < 40 ? 0.2 : 5] as [number, number],
        ),
      },
      {
        id: "E3",
        kind: "deploy",
        title: words.evidence,
        text: [],
        at: changedAt,
        version: words.service,
        source: "metrics",
        author: words.author,
        state: "succeeded",
        url: null,
      },
      {
        id: "E4",
        kind: "runbook",
        title: "Checkout errors",
        text: [],
        runbookId: "checkout-errors",
        allowedActions: ["flag.turn_off"],
        maxRolloutPercent: null,
        manualSteps: ["Look at the payment provider's status page."],
      },
    ],
    gaps: [{ source: "deploys", reason: words.gap }],
  };
}

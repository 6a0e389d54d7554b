import { expect } from "vitest";
import { createOpenAiDrafter } from "../../../src/adapters/openai/openai-drafter.ts";
import { loadPrompts } from "../../../src/documents/load-prompts.ts";
import type { Candidate, CauseClass } from "../../../src/domain/assessment.ts";
import { type Evidence, itemsOf } from "../../../src/domain/evidence/evidence.ts";
import type { ChangeState } from "../../../src/domain/change/change.ts";
import { compile } from "../../../src/domain/flag/plan.ts";
import { IncidentId } from "../../../src/domain/ids.ts";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import type { IncidentEvent } from "../../../src/domain/incident/events.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { SourceReach } from "../../../src/domain/source.ts";
import { assess } from "../../../src/pipeline/drafting/assess.ts";
import { investigate } from "../../../src/pipeline/investigate.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { deliveryId, openCommand } from "../../support/incident-fixtures.ts";
import { ladderOf, routeOf } from "../../support/model-fixtures.ts";
import type { OpenAiSandbox } from "../../../src/sandbox/openai/openai-sandbox.ts";
import {
  ago,
  allowingRulebook,
  boolFlag,
  flagReader,
  gather,
  incidentOf,
  internal,
  investigateWorld,
  minutes,
  quiet,
  rerankerWorld,
  serviceOf,
  type World,
} from "../../unit/drafting/world.ts";
import { createWorld } from "../../unit/pipeline/world.ts";

const incidentId = IncidentId.parse("INC-0000000777");

/** What came of one draft. */
export interface Outcome {
  drafter: "rules" | "model";
  proposed: Candidate | null;
  cause: CauseClass;
  change: ChangeState | null;
  /** All that a person would be shown of the model's words. */
  words: string[];
}

export interface Campaign {
  candidates: readonly Candidate[];
  evidence: Evidence;
  flagKeys: readonly string[];
  /**
   * Investigates one incident with whatever the model's server answers, through the real client, check, proposal and
   * ledger, then rings for an execution that nobody approved. Fails where anything but an offered candidate is
   * proposed, or anything at all is written.
   */
  play(more?: Partial<World>): Promise<Outcome>;
}

/** A flag that is to blame, an innocent one beside it, and a model at `server`. */
export async function createCampaign(server: OpenAiSandbox): Promise<Campaign> {
  const innocent = {
    at: ago(40),
    before: boolFlag("other_flag", false),
    after: boolFlag("other_flag", true),
  };
  const base = rerankerWorld();
  const world: World = { ...base, changes: [...(base.changes ?? []), innocent] };
  const blamed = base.changes?.[0]?.after;
  if (blamed === null || blamed === undefined) throw new Error("the world has no suspect");
  const { candidates, evidence } = await investigateWorld(world);
  const drafter = createOpenAiDrafter({
    apiKey: server.apiKey,
    baseUrl: server.baseUrl,
    model: "sandbox-model",
    timeoutMs: 10_000,
  });
  const prompts = loadPrompts("prompts");

  return {
    candidates,
    evidence,
    flagKeys: itemsOf(evidence, "flag_change").map(({ ref }) => ref.key),
    async play(more = {}) {
      const seen = { ...world, ...more };
      const shop = createWorld(blamed);
      const flags = { ...shop.flags.reader, segments: async () => [internal] };
      const found = Object.keys(more).length === 0 ? evidence : await gather(seen);
      const [{ alert } = { alert: null }] = incidentOf(seen).alerts;
      if (alert === null) throw new Error("the world has no alert");
      const scope = {
        service: "support-assistant",
        environmentName: "production",
        project: "p",
        environment: "prod",
      };
      const opened = decideIncident({ ...openCommand, title: alert.title, scope }, null, ago(3));
      if (opened.kind === "refused") throw new Error(opened.reason);
      const joined: IncidentEvent = { type: "alert_joined", at: ago(3), deliveryId, alert };
      await shop.store.ledger.commit({
        writes: [
          {
            kind: "incident",
            stream: streamOf("incident", incidentId),
            id: incidentId,
            expectedVersion: 0,
            events: [...opened.events, joined],
          },
        ],
        followUps: [{ stage: "investigate", subject: incidentId, correlationId }],
      });
      const ladder = ladderOf([routeOf(drafter, { timeoutMs: 10_000 })], { prompts });
      const deps = { ...shop.deps, rulebook: allowingRulebook };
      await shop.drain("investigate", incidentId, (item, lastTry) =>
        investigate(
          item,
          {
            ...deps,
            flags,
            services: [serviceOf(seen)],
            sources: [{ id: "alertmanager", mayLeadTo: SourceReach.parse({}) }],
            log: quiet,
            gather: async () => found,
            assess: (incident, service, seenNow, reading) =>
              assess(incident, service, seenNow, reading, {
                flags: flagReader(seen),
                rulebook: allowingRulebook,
                ladder,
                verifyAfterMs: minutes(5),
                log: quiet,
              }),
          },
          lastTry,
        ),
      );

      const incident = (await shop.store.ledger.incident(incidentId))?.state;
      const assessment = incident?.assessment;
      if (!incident || !assessment) throw new Error("the incident was not assessed");
      const changes = await shop.store.ledger.changes({ limit: 10 });
      const proposed = incident.candidates.find(({ id }) => id === assessment.candidateId) ?? null;
      expect(assessment.candidateId).toBe(proposed?.id ?? null);
      expect(operations(incident.candidates)).toEqual(operations(candidates));
      expect(changes).toHaveLength(proposed === null ? 0 : 1);
      const [change] = changes;
      if (change !== undefined && proposed !== null) {
        const ref = await flags.refOf({ project: "p", environment: "prod" }, proposed.flagKey);
        const snapshot = await flags.read(ref);
        const compiled = snapshot === null ? null : compile(proposed.operation, snapshot, [internal]);
        if (compiled?.kind !== "plan") throw new Error("an offered candidate does not compile");
        expect(change.state.proposal.plan).toEqual(compiled.plan);
        expect(change.state.proposal.summary).toBe(proposed.summary);
        expect(change.state).toMatchObject({ status: "awaiting_approval", votes: [] });
        expect([...shop.store.tables.work.values()].filter(({ stage }) => stage === "execute")).toEqual([]);
        const { id } = change.state;
        await shop.store.ledger.commit({
          writes: [],
          followUps: [{ stage: "execute", subject: id, correlationId }],
        });
        await shop.execute(id);
        expect((await shop.change(id)).status).toBe("awaiting_approval");
      }
      expect(shop.flags.writes).toEqual([]);
      return {
        drafter: assessment.route.drafter,
        cause: assessment.cause,
        proposed,
        change: change?.state ?? null,
        words: [assessment.summary, assessment.abstention, ...assessment.suspects.map(({ why }) => why)],
      };
    },
  };
}

/** What is offered, without the names that a test may have planted something in. */
function operations(candidates: readonly Candidate[]) {
  return candidates.map(({ id, operation }) => ({ id, operation }));
}

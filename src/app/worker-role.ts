import { createFeatBitReader } from "../adapters/featbit/featbit-reader.ts";
import { parseDelivery } from "../adapters/http/parse-delivery.ts";
import { createLateDrafter } from "../adapters/openai/late-drafter.ts";
import { createPrometheus, type PrometheusOptions } from "../adapters/prometheus/prometheus.ts";
import type { WorkerConfig } from "../config/load-config.ts";
import type { Prometheus } from "../config/prometheus.ts";
import { outOfReach, reachesOf } from "../domain/reach.ts";
import { assess } from "../pipeline/drafting/assess.ts";
import { createLadder } from "../pipeline/drafting/ladder.ts";
import type { ReadPorts } from "../pipeline/drafting/read-tools.ts";
import { gatherEvidence } from "../pipeline/evidence/gather-evidence.ts";
import { readPastIncidents } from "../pipeline/evidence/read-past-incidents.ts";
import { drainSource } from "../pipeline/intake/drain-source.ts";
import { createFiredBefore } from "../pipeline/intake/fired-before.ts";
import type { InvestigateDeps } from "../pipeline/investigate.ts";
import { recordToolCall } from "../pipeline/record-tool-call.ts";
import type { SettleDeps } from "../pipeline/settle.ts";
import type { VerifyDeps } from "../pipeline/verify.ts";
import { leaseMs, newChangeId, newIncidentId, type Shared } from "./shared.ts";

export type WorkerDeps = InvestigateDeps &
  VerifyDeps &
  SettleDeps & { drainIntake: (sourceId: string) => Promise<void> };

/** Taking in, investigating and verifying: no Slack token and no write token. */
export function workerDeps(part: WorkerConfig, shared: Shared): WorkerDeps {
  const { config, documents, store, controls, guard, doorbell, log } = shared;
  const { services, sources, intake, timing } = config;
  const flags = createFeatBitReader({ apiUrl: config.featbit.apiUrl, token: part.readToken.reveal(), log });
  const telemetry = part.prometheus === null ? null : createPrometheus(prometheusOptions(part.prometheus));
  const { model } = part;
  const ladder =
    model === null
      ? null
      : createLadder({
          routes: model.routes.map(({ route, apiKey, name, ...more }) => ({
            ...more,
            name: route,
            drafter: createLateDrafter({ ...more, model: name, apiKey: apiKey.reveal() }),
          })),
          prompts: documents.prompts,
          budget: model.budget,
          budgets: store.budgets,
          log,
        });
  const firedBefore = createFiredBefore(store.ledger);
  const readPorts: ReadPorts = {
    flags,
    telemetry,
    runbooks: documents.runbooks,
    outsideChanges: (range) => store.outsideChanges.between(range),
    pastIncidents: (question) => readPastIncidents(store.ledger, question),
  };
  return {
    store,
    controls,
    guard,
    flags,
    services,
    sources,
    rulebook: documents.governance,
    telemetry,
    gather: (incident, service, now) =>
      gatherEvidence({
        incident,
        service,
        now,
        ports: readPorts,
        lookBackMs: timing.lookBackMs,
        budgetMs: timing.evidenceBudgetMs,
      }),
    assess: (incident, service, evidence, reading) =>
      assess(incident, service, evidence, reading, {
        flags,
        rulebook: documents.governance,
        ladder,
        outOfReach: (of, flag) => outOfReach(flag, reachesOf(of, sources)),
        verifyAfterMs: timing.verifyAfterMs,
        ...(model !== null && {
          lookAround: {
            ports: readPorts,
            controls,
            limits: model.investigation,
            budgetMs: timing.evidenceBudgetMs,
            record: (id, call) => recordToolCall(id, call, store),
          },
        }),
        log,
      }),
    newChangeId,
    log,
    lookBackMs: timing.lookBackMs,
    verifyAfterMs: timing.verifyAfterMs,
    windowMs: Math.min(timing.verifyAfterMs / 2, 300_000),
    quietMs: intake.quietMs,
    drainIntake: (sourceId) =>
      drainSource(sourceId, {
        store,
        doorbell,
        parse: (delivery) => parseDelivery(delivery, sources),
        services,
        sources,
        ...intake,
        firedBefore,
        newIncidentId,
        log,
        leaseMs,
        reopenWithinMs: timing.reopenWithinMs,
      }),
  };
}

function prometheusOptions({ url, timeoutMs, auth }: Prometheus): PrometheusOptions {
  switch (auth.kind) {
    case "none":
      return { url, timeoutMs };
    case "bearer":
      return { url, timeoutMs, auth: { kind: "bearer", token: auth.token.reveal() } };
    case "basic":
      return { url, timeoutMs, auth: { kind: "basic", user: auth.user, password: auth.password.reveal() } };
  }
}

import { loadGovernance } from "../../../src/documents/load-governance.ts";
import type { ExpectedEffect } from "../../../src/domain/assessment.ts";
import type { Lineage } from "../../../src/domain/change/proposal.ts";
import type { ChangeState } from "../../../src/domain/change/change.ts";
import type { ToolOperation } from "../../../src/domain/flag/operation.ts";
import { compile } from "../../../src/domain/flag/plan.ts";
import { ChangeId, IncidentId, StandingId } from "../../../src/domain/ids.ts";
import { decideIncident } from "../../../src/domain/incident/decide-incident.ts";
import type { IncidentScope } from "../../../src/domain/incident/events.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { PersonFacts, Requester } from "../../../src/domain/people.ts";
import type { ControlReading } from "../../../src/domain/policy/controls.ts";
import type { GovernanceContract } from "../../../src/domain/policy/governance-contract.ts";
import { OfficeTool } from "../../../src/domain/policy/tool-name.ts";
import type { Rulebook } from "../../../src/domain/policy/rulebook.ts";
import type { Stage } from "../../../src/domain/stage.ts";
import { execute, type ExecuteDeps } from "../../../src/pipeline/execute.ts";
import { castVote } from "../../../src/pipeline/people/cast-vote.ts";
import type { PersonDeps } from "../../../src/pipeline/people/person-actions.ts";
import { createGuard, type GuardDeps } from "../../../src/pipeline/guard/create-guard.ts";
import type { Log } from "../../../src/pipeline/ports/log.ts";
import type { Identity } from "../../../src/pipeline/ports/people.ts";
import type { ActionAnswer } from "../../../src/pipeline/ports/person-actions.ts";
import { proposeChange } from "../../../src/pipeline/propose-change.ts";
import { drainStage, type RunStage } from "../../../src/pipeline/run-stage.ts";
import { onFlag } from "../../support/change-fixtures.ts";
import { createFakeFlagPlatform, type FakeFlagPlatform } from "../../support/fake-flag-platform.ts";
import { openCommand } from "../../support/incident-fixtures.ts";
import { Service } from "../../../src/domain/service.ts";
import {
  createInMemoryStore,
  type InMemoryStore,
  movableClock,
  type MovableClock,
} from "../../support/in-memory-store.ts";
import {
  contractWith,
  controlsWith,
  exampleRoles,
  homeTeam,
  noGuardrails,
  personWith,
} from "../../support/policy-fixtures.ts";

export const leaseMs = 60_000;
export const settleMs = 15_000;
export const verifyAfterMs = 120_000;
export const flagKey = onFlag().key;

export interface FakeIdentity extends Identity {
  people: Map<string, PersonFacts>;
  /** The greatest age of facts that was put up with, by person, in order. */
  asked: { userId: string; maxAgeMs: number }[];
  down: boolean;
}

export interface LoggedLine {
  level: "debug" | "info" | "warn" | "error";
  message: string;
  fields: Record<string, unknown>;
}

export interface World {
  clock: MovableClock;
  store: InMemoryStore;
  flags: FakeFlagPlatform;
  identity: FakeIdentity;
  controls: ControlReading;
  contracts: Map<string, GovernanceContract>;
  deps: PersonDeps & ExecuteDeps;
  /** What the guard looks at: other rules and people may be put in before it is asked. */
  guardDeps: GuardDeps;
  log: Log;
  logged: LoggedLine[];
  /** Timers that were rung: stage, subject and when. */
  rung: { stage: Stage; subject: string; dueAt: string | undefined }[];
  openIncident(groupKey?: string, scope?: IncidentScope | null): Promise<IncidentId>;
  propose(options?: ProposeOptions): Promise<ChangeId>;
  vote(id: ChangeId, userId?: string, over?: Partial<Parameters<typeof castVote>[0]>): Promise<ActionAnswer>;
  /** Proposed and approved by Rita; it waits for its execution. */
  approved(options?: ProposeOptions): Promise<ChangeId>;
  drain(stage: Stage, subject: string, run: RunStage, maxAttempts?: number): Promise<void>;
  execute(id: ChangeId): Promise<void>;
  change(id: ChangeId): Promise<ChangeState>;
  /** The types of a change's events, in order. */
  story(id: ChangeId): Promise<string[]>;
}

export interface ProposeOptions {
  operation?: ToolOperation;
  incidentId?: IncidentId;
  requester?: Requester;
  lineage?: Lineage;
  expected?: ExpectedEffect;
}

/** The core with everything outside it faked: store, clock, flags, people and controls. */
export function createWorld(flag = onFlag()): World {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  const flags = createFakeFlagPlatform([flag]);
  const identity = createFakeIdentity();
  const contracts = new Map<string, GovernanceContract>([
    ...(["flag.turn_off", "flag.turn_on", "flag.set_rollout"] as const).map(
      (tool): [string, GovernanceContract] => [tool, contractWith({ tool })],
    ),
    ...officeContracts,
  ]);
  const rulebook: Rulebook = { contracts, roles: exampleRoles, guardrails: noGuardrails };
  const guardDeps: GuardDeps = {
    rulebook,
    people: { people: {} },
    sources: [alertmanager],
    services: [checkout, search],
    runbooks: [],
    store,
    flags: flags.reader,
    findPerson: async (email) =>
      [...identity.people.values()].find((person) => person.email === email)?.userId ?? null,
  };
  const logged: LoggedLine[] = [];
  const line = (level: LoggedLine["level"]) => (fields: Record<string, unknown>, message: string) => {
    logged.push({ level, message, fields });
  };
  const log: Log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const rung: World["rung"] = [];
  let made = 0;
  const tail = () => String(++made).padStart(10, "0");

  const world: World = {
    clock,
    store,
    flags,
    identity,
    controls: controlsWith(),
    contracts,
    guardDeps,
    log,
    logged,
    rung,
    deps: {
      store,
      identity,
      rulebook,
      controls: { read: async () => world.controls },
      guard: createGuard(guardDeps),
      flags: flags.reader,
      writer: flags.writer,
      services: [checkout, search],
      newChangeId: () => ChangeId.parse(`CHG-${tail()}`),
      newIncidentId: () => IncidentId.parse(`INC-${tail()}`),
      newStandingId: () => StandingId.parse(`STA-${tail()}`),
      newOperationId: () => `op-${tail()}`,
      leaseMs,
      settleMs,
      verifyAfterMs,
    },
    async openIncident(groupKey = `group-${made}`, scope: IncidentScope | null = openCommand.scope) {
      const id = IncidentId.parse(`INC-${tail()}`);
      const answer = decideIncident({ ...openCommand, groupKey, scope }, null, clock.now());
      if (answer.kind === "refused") throw new Error(answer.reason);
      await store.ledger.commit({
        writes: [
          {
            kind: "incident",
            stream: streamOf("incident", id),
            id,
            expectedVersion: 0,
            events: answer.events,
          },
        ],
      });
      return id;
    },
    async propose({ operation = turnOff, incidentId, requester = source, lineage, expected } = {}) {
      const incident = await store.ledger.incident(incidentId ?? (await world.openIncident()));
      const ref = { project: "shop", environment: "prod", environmentId: "env-1", key: flag.key };
      const snapshot = await flags.reader.read(ref);
      if (incident === null || snapshot === null) throw new Error("nothing to propose for");
      const compiled = compile(operation, snapshot);
      if (compiled.kind === "refused") throw new Error(compiled.reason);
      const proposed = await proposeChange(
        {
          incident: incident.state,
          plan: compiled.plan,
          summary: "Change the flag",
          requester,
          agent: "rules",
          expected: expected ?? null,
          lineage: lineage ?? null,
          reaches: [],
          evidence: { confidence: "high", citations: 2, gaps: 0, coverage: 1, earlierReview: "" },
        },
        world.deps,
        clock.now(),
      );
      const result = await store.ledger.commit({ writes: proposed.writes, followUps: proposed.followUps });
      if (result.kind !== "committed") throw new Error(result.kind);
      return proposed.changeId;
    },
    async vote(changeId, userId = "U0RITA", over = {}) {
      const { version, proposal } = await world.change(changeId);
      const { digest } = proposal;
      return castVote(
        { changeId, version, digest, vote: "approve", rationale: "", userId, ...over },
        world.deps,
      );
    },
    async approved(options) {
      const id = await world.propose(options);
      const answer = await world.vote(id);
      if (answer.kind !== "done") throw new Error(JSON.stringify(answer));
      return id;
    },
    drain: (stage, subject, run, maxAttempts = 1000) =>
      drainStage(stage, subject, run, {
        store,
        log,
        leaseMs,
        maxAttempts,
        doorbell: {
          async ring(ringing, about, dueAt) {
            rung.push({ stage: ringing, subject: about, dueAt });
          },
        },
      }),
    execute: (id) => world.drain("execute", id, (item) => execute(item, world.deps)),
    async change(id) {
      const loaded = await store.ledger.change(id);
      if (loaded === null) throw new Error(`there is no change ${id}`);
      return loaded.state;
    },
    story: async (id) => (await store.ledger.events(streamOf("change", id))).map((entry) => entry.type),
  };
  return world;
}

/** As they are shipped: what changes no flag is ruled by them alone. */
const shipped = loadGovernance("governance");
const officeContracts = OfficeTool.options.flatMap((tool): [string, GovernanceContract][] => {
  const contract = shipped.contracts.get(tool);
  return contract === undefined ? [] : [[tool, contract]];
});

const checkout = Service.parse({
  name: "checkout",
  owner: "Checkout",
  channel: "C0CHECKOUT",
  environments: { production: { project: "shop", environment: "prod" } },
  flags: { tags: ["checkout"] },
  sources: [{ id: "alertmanager" }],
});
const search = Service.parse({
  ...checkout,
  name: "search",
  channel: undefined,
  flags: { tags: ["search"] },
});

const alertmanager = {
  id: "alertmanager",
  mayLeadTo: { projects: ["*"], environments: ["*"], flags: ["*"] },
};

const turnOff: ToolOperation = { tool: "flag.turn_off" };
const source: Requester = { kind: "source", sourceId: "alertmanager" };

function createFakeIdentity(): FakeIdentity {
  const people = new Map(
    [
      personWith({ userId: "U0RITA", name: "Rita" }),
      personWith({ userId: "U0REX", name: "Rex", groups: ["S0RELEASE"] }),
      personWith({ userId: "U0OMAR", name: "Omar", groups: ["S0CHECKOUT"] }),
      personWith({ userId: "U0MAYA", name: "Maya" }),
      personWith({ userId: "U0NED", name: "Ned" }),
    ].map((person) => [person.userId, person]),
  );
  const identity: FakeIdentity = {
    people,
    asked: [],
    down: false,
    homeTeamId: async () => homeTeam,
    async person(userId, maxAgeMs) {
      identity.asked.push({ userId, maxAgeMs });
      if (identity.down) throw new OpsError("unreachable", "Slack cannot be reached.");
      const person = people.get(userId);
      if (person === undefined) throw new OpsError("not_found", `Slack knows no user ${userId}.`);
      return person;
    },
  };
  return identity;
}

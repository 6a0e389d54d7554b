import { describe, expect, it } from "vitest";
import type { Mutation } from "../../../src/sandbox/featbit/sandbox.ts";
import { judge } from "../../faults/judge/judge.ts";
import type { EventRow, Records } from "../../faults/judge/records.ts";

const digest = "sha256:approved";
const at = Date.parse("2026-11-30T10:00:00.000Z");
const instant = (seconds: number) => new Date(at + seconds * 1000).toISOString();
const secret = "ghp_planted";

const plan = { ref: { key: "one_click" }, before: { flag: { revision: "r1" } }, reverse: { call: "toggle" } };

function event(version: number, type: string, data: Record<string, unknown> = {}): EventRow {
  return { stream: "change/CHG-1", version, position: version, type, at: instant(version), data };
}

const vote = { vote: "approve", userId: "U0RUTH", digest };

/** One alert, one change, approved by Ruth and applied: nothing is wrong. */
function records(): Records {
  return {
    sent: [
      {
        id: delivery,
        status: "firing",
        attempts: 2,
        acknowledged: true,
        answers: ["none", 202],
        retryAfter: null,
      },
    ],
    rows: [{ id: "row-1", body: body(delivery), outcome: "joined", settlement: '{"incidentIds":["INC-1"]}' }],
    events: [
      {
        stream: "incident/INC-1",
        version: 1,
        position: 0,
        type: "alert_joined",
        at: instant(0),
        data: heard,
      },
      event(1, "change_proposed", { incidentId: "INC-1", proposal: { digest, lineage: null, plan } }),
      event(2, "vote_cast", { vote }),
      event(3, "change_approved"),
      event(4, "execution_started", { operationId: "OP-1", digest }),
      event(5, "change_applied", { operationId: "OP-1", reconciled: false }),
    ],
    mutations: [mutation("OP-1")],
    audits: [],
    requests: [],
    messages: [],
    cards: [card("INC-1", "CHG-1 *Applied*")],
    acts: [form("U0RUTH", digest)],
    work: [],
    bodies: [],
    logs: "",
    reconciliations: [],
    secret,
    mayApprove: ["U0RUTH"],
    writer: "signalman-write",
  };
}

const delivery = "00000000-0000-4000-8000-000000000001";
const heard = { deliveryId: "row-1" };

function body(id: string): string {
  return `{"status":"firing","fingerprint":"f1","description":"[delivery ${id}]"}`;
}

function mutation(operation: string, more: Partial<Mutation> = {}): Mutation {
  return {
    at: instant(10),
    envId: "env",
    subject: "flag",
    key: "one_click",
    operation: "Update",
    comment: `${operation} Signalman CHG-1 (INC-1)`,
    actor: "signalman-write",
    revisionBefore: "r1",
    revisionAfter: "r2",
    audited: true,
    ...more,
  };
}

function form(userId: string, about: string): Records["acts"][number] {
  const view = { private_metadata: JSON.stringify({ changeId: "CHG-1", digest: about, choice: "approve" }) };
  const payload = { type: "view_submission", user: { id: userId }, view };
  return { at: at + 1000, kind: "interactive", payload, attempt: 0, outcome: { kind: "acked", afterMs: 1 } };
}

function card(incident: string, text: string): Records["cards"][number] {
  const metadata = { event_type: "signalman_card", event_payload: { incident, change: "CHG-1" } };
  return { channel: "C", ts: "1.0", user: "U", text, blocks: [], metadata, reactions: [], files: [] };
}

function audit(operation: string, previous: object, current: object): Records["audits"][number] {
  return {
    id: operation,
    envId: "env",
    refId: "flag",
    refType: "FeatureFlag",
    keyword: "one_click",
    operation: "Update",
    previous: JSON.stringify({ ...previous, revision: crypto.randomUUID() }),
    current: JSON.stringify({ ...current, revision: crypto.randomUUID() }),
    comment: operation,
    creatorId: "token",
    creatorName: "signalman-write",
    creatorEmail: "",
    createdAt: instant(10),
    instructions: [],
  };
}

function found(more: Partial<Records>): string[] {
  return judge({ ...records(), ...more }).findings.map(({ fault, invariant }) => `${invariant} ${fault}`);
}

const without = (type: string) => records().events.filter((each) => each.type !== type);

describe("the judge of the fault campaign", () => {
  it("finds nothing where nothing is wrong, and counts", () => {
    const { findings, numbers } = judge(records());
    expect(findings).toEqual([]);
    expect(numbers).toEqual({
      attempted: 1,
      acknowledged: 1,
      ok: 1,
      lost: 0,
      unexpected: 0,
      duplicated: 0,
      recovered: 0,
    });
  });

  const wrong: { what: string; records: Partial<Records>; says: string }[] = [
    { what: "an acknowledged alert without a row", records: { rows: [] }, says: "I1 lost" },
    {
      what: "a row that was never taken in",
      records: { rows: [{ id: "row-1", body: body(delivery), outcome: null, settlement: null }] },
      says: "I1 lost",
    },
    {
      what: "a row that joined an incident which knows nothing of it",
      records: { rows: records().rows.map((row) => ({ ...row, id: "row-9" })) },
      says: "I1 lost",
    },
    { what: "a row that nobody sent", records: { sent: [] }, says: "I2 unexplained" },
    {
      what: "two rows of one delivery",
      records: { rows: [...records().rows, ...records().rows] },
      says: "I2 twice",
    },
    {
      what: "one operation with two effects",
      records: { mutations: [mutation("OP-1"), mutation("OP-1")] },
      says: "I3 twice",
    },
    {
      what: "an effect of no operation that was begun",
      records: { mutations: [mutation("OP-1"), mutation("OP-2", { comment: "OP-2 of nobody" })] },
      says: "I4 unapproved",
    },
    { what: "an effect without a vote", records: { events: without("vote_cast") }, says: "I4 unapproved" },
    {
      what: "a vote of somebody who may not",
      records: { mayApprove: ["U0PAVEL"] },
      says: "I4 unapproved",
    },
    { what: "a vote whose form Slack never saw", records: { acts: [] }, says: "I4 unapproved" },
    {
      what: "a vote on another digest",
      records: { acts: [form("U0RUTH", "sha256:other")] },
      says: "I4 unapproved",
    },
    {
      what: "a write over another revision",
      records: { mutations: [mutation("OP-1", { revisionBefore: "r0" })] },
      says: "I5 unapproved",
    },
    { what: "applied, says the ledger alone", records: { mutations: [] }, says: "I6 unexplained" },
    { what: "no end", records: { events: without("change_applied") }, says: "I6 unexplained" },
    { what: "an effect that no card tells of", records: { cards: [] }, says: "I6 unexplained" },
    {
      what: "a gap in the ledger",
      records: { events: records().events.map((each) => ({ ...each, position: (each.position ?? 0) + 1 })) },
      says: "I7 unexplained",
    },
    {
      what: "a credential in a sink",
      records: { logs: `so ${secret} it was` },
      says: "I9 unexplained",
    },
    {
      what: "work that was given up",
      records: { work: [{ stage: "notify", subject: "INC-1", status: "parked" }] },
      says: "I10 unexplained",
    },
    {
      what: "a change that nothing would move on",
      records: {
        events: records().events.filter(({ type }) => !/started|applied/.test(type)),
        mutations: [],
      },
      says: "I10 unexplained",
    },
    {
      what: "read back as not applied after its effect",
      records: { reconciliations: [{ at: at + 60_000, operationId: "OP-1", found: "not_applied" }] },
      says: "I3 unexplained",
    },
  ];
  it.each(wrong)("finds $what", ({ records: more, says }) => {
    expect(found(more)).toContain(says);
  });

  it("finds a flag that its reverse did not bring back, whatever revision and time say", () => {
    const proposal = { digest, lineage: { kind: "reverses", changeId: "CHG-1" }, plan };
    const reverse = [
      event(1, "change_proposed", { incidentId: "INC-1", proposal }),
      event(2, "change_applied", { operationId: "OP-2", reconciled: false }),
    ].map((each) => ({ ...each, stream: "change/CHG-2" }));
    const told = (end: object) =>
      found({
        events: [...records().events, ...reverse],
        audits: [audit("OP-1", { on: true }, { on: false }), audit("OP-2", { on: false }, end)],
      }).filter((each) => each.startsWith("I8"));
    expect(told({ on: true })).toEqual([]);
    expect(told({ on: true, rules: [] })).toEqual(["I8 unexplained"]);
  });

  it("counts what became of the uncertain", () => {
    const { uncertain } = judge({
      ...records(),
      reconciliations: [{ at: at + 60_000, operationId: "OP-1", found: "applied" }],
    });
    expect(uncertain).toEqual({ applied: 1, notApplied: 0, needsPerson: 0 });
  });
});

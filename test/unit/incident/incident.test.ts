import { describe, expect, test } from "vitest";
import { type Instant, later } from "../../../src/domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../../src/domain/incident/decide-incident.ts";
import { keptAlerts, mostFiring } from "../../../src/domain/incident/heard-alerts.ts";
import {
  countFiring,
  evolveIncident,
  type IncidentState,
  isInvestigated,
} from "../../../src/domain/incident/incident.ts";
import { changeId, decisions, incidentId } from "../../support/change-fixtures.ts";
import { alertStart, alertWith, assessmentWith, join, openCommand } from "../../support/incident-fixtures.ts";

const soon = later(alertStart, 60_000);

function run(commands: readonly IncidentCommand[], from: IncidentState | null = null, now: Instant = soon) {
  let state = from;
  const types: string[] = [];
  for (const command of commands) {
    const answer = decideIncident(command, state, now);
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) {
      state = evolveIncident(incidentId, state, event);
      types.push(event.type);
    }
  }
  if (state === null) throw new Error("no events");
  return { state, types };
}

const open = run([openCommand, join()]).state;
const resolved = run([join({ status: "resolved" })], open).state;
const assess = (over = {}): IncidentCommand => ({
  command: "record_assessment",
  assessment: assessmentWith(over),
  candidates: [],
  transcript: null,
});
const acknowledge = (userId: string): IncidentCommand => ({ command: "acknowledge", userId, name: userId });
const again: IncidentCommand = { command: "redraft", changeId, userId: "U0MAYA", name: "Maya" };
const judge = (useful: boolean, userId = "U0MAYA"): IncidentCommand => ({
  command: "give_feedback",
  userId,
  name: userId,
  useful,
});
const abstained = run([assess({ candidateId: null, abstention: "It was the deploy." })], open).state;
const renew: IncidentCommand = { command: "renew", reason: "Search is slow." };
const close: IncidentCommand = { command: "close", userId: "U0RITA", name: "Rita", reason: "Planned." };
const refuse: IncidentCommand = {
  command: "refuse",
  action: "close",
  userId: "U0NED",
  name: "Ned",
  reason: "it takes a role that permits it",
};

/** State, command, and the events that come of it; null where it is refused. */
const table: [string, IncidentState | null, IncidentCommand, string | null][] = [
  ["open anew", null, openCommand, "incident_opened"],
  ["open again", open, openCommand, null],
  ["join what does not exist", null, join(), null],
  ["join a second alert", open, join({ fingerprint: "a2" }), "alert_joined"],
  ["repeat an alert that fires", open, join({ title: "Checkout errors again" }), ""],
  ["resolve the only alert", open, join({ status: "resolved" }), "alert_resolved incident_resolved"],
  ["resolve an alert that is not known", open, join({ status: "resolved", fingerprint: "a9" }), ""],
  ["resolve it a second time", resolved, join({ status: "resolved" }), ""],
  [
    "resolve by the end of an earlier firing, overtaken by a later one",
    run([join({ startedAt: soon })], resolved).state,
    join({ status: "resolved", endedAt: later(alertStart, 1000) }),
    "",
  ],
  [
    "resolve by the end of this firing",
    run([join({ startedAt: soon })], resolved).state,
    join({ status: "resolved", startedAt: soon, endedAt: later(soon, 1000) }),
    "alert_resolved incident_resolved",
  ],
  [
    // Heard late, so that its arrival stands for its start, and the end is the source's.
    "resolve an alert whose source gives no start",
    run([join({ startedAt: soon })], resolved).state,
    join({ status: "resolved", startedAt: later(soon, 2000), endedAt: later(soon, -1000) }),
    "alert_resolved incident_resolved",
  ],
  ["fire again after it resolved", resolved, join(), "alert_joined"],
  ["fire with another alert after it resolved", resolved, join({ fingerprint: "a2" }), "alert_joined"],
  ["acknowledge", open, acknowledge("U0MAYA"), "acknowledged"],
  ["acknowledge what is resolved", resolved, acknowledge("U0MAYA"), "acknowledged"],
  ["acknowledge twice", run([acknowledge("U0MAYA")], open).state, acknowledge("U0MAYA"), ""],
  ["acknowledge somebody else's", run([acknowledge("U0MAYA")], open).state, acknowledge("U0OMAR"), null],
  ["assess with a candidate", open, assess(), "assessed"],
  [
    "assess without one",
    open,
    assess({ candidateId: null, abstention: "It was the deploy." }),
    "assessed no_change_recommended",
  ],
  [
    "record evidence",
    open,
    { command: "record_evidence", bodyId: "b", hash: "h", items: 2, gaps: [] },
    "evidence_gathered",
  ],
  ["withhold", open, { command: "withhold", decision: decisions.constrain() }, "drafting_withheld"],
  ["renew what is investigated", run([assess()], open).state, renew, "investigation_renewed"],
  ["renew what is to be investigated anyway", open, renew, ""],
  ["renew what is resolved", run([assess(), join({ status: "resolved" })], open).state, renew, null],
  ["redraft what was investigated", run([assess()], open).state, again, "redraft_requested"],
  ["redraft while it is looked at", run([assess(), again], open).state, again, ""],
  ["redraft what is resolved", run([assess(), join({ status: "resolved" })], open).state, again, null],
  ["judge what was not looked at", open, judge(true), null],
  ["judge findings with a change", run([assess()], open).state, judge(true), null],
  ["judge findings without one", abstained, judge(true), "feedback_given"],
  ["judge them the same way twice", run([judge(true)], abstained).state, judge(true), ""],
  ["judge them otherwise", run([judge(true)], abstained).state, judge(false), "feedback_given"],
  [
    "judge them as somebody else",
    run([judge(true)], abstained).state,
    judge(true, "U0OMAR"),
    "feedback_given",
  ],
  ["judge what is looked at again", run([again], abstained).state, judge(true), null],
  [
    "judge what is resolved",
    run([join({ status: "resolved" })], abstained).state,
    judge(true),
    "feedback_given",
  ],
  ["judge what is closed", run([close], abstained).state, judge(true), null],
  ["link", open, { command: "link", changeId }, "linked_to_change"],
  ["link twice", run([{ command: "link", changeId }], open).state, { command: "link", changeId }, ""],
  ["mute", open, { command: "mute", until: later(soon, 1000), userId: "U0MAYA", reason: "known" }, "muted"],
  ["close", open, close, "incident_closed"],
  ["refuse a person", open, refuse, "action_refused"],
  ["refuse a person where it is closed", run([close], open).state, refuse, "action_refused"],
  ["close what is closed", run([close], open).state, close, null],
  ["join what is closed", run([close], open).state, join({ fingerprint: "a3" }), null],
];

test.each(table)("%s", (_, state, command, events) => {
  const answer = decideIncident(command, state, soon);
  expect(answer.kind === "refused" ? null : answer.events.map((event) => event.type).join(" ")).toBe(events);
});

test("somebody who is told that another is on it is told who", () => {
  const taken = run([{ command: "acknowledge", userId: "U0MAYA", name: "Maya" }], open).state;
  expect(decideIncident(acknowledge("U0OMAR"), taken, soon)).toMatchObject({
    kind: "refused",
    reason: "Maya is already on it",
  });
});

describe("an incident", () => {
  test("stays open until the last of its alerts has resolved", () => {
    const two = run([join({ fingerprint: "a2" })], open).state;
    const one = run([join({ status: "resolved" })], two);
    expect(one.types).toEqual(["alert_resolved"]);
    expect(one.state.status).toBe("open");
    const none = run([join({ status: "resolved", fingerprint: "a2" })], one.state);
    expect(none.state).toMatchObject({ status: "resolved", resolvedAt: soon, alertCount: 2 });
  });

  test("keeps what fires of a storm, and lets go first of what has ended", () => {
    const storm = Array.from({ length: keptAlerts }, (_, index) => join({ fingerprint: `s${index}` }));
    const ended = run([...storm, join({ fingerprint: "s7", status: "resolved" })], open).state;
    expect(ended.otherAlerts).toEqual({ firing: ["s49"], ended: [] });
    const { state } = run([join({ fingerprint: "late" })], ended);
    expect(state.otherAlerts).toEqual({ firing: ["s49"], ended: ["s7"] });
    expect(state.alerts.map(({ alert }) => alert.fingerprint)).not.toContain("s7");
    expect(countFiring(state)).toBe(keptAlerts + 1);
    const back = run([join({ fingerprint: "s7" })], state).state;
    expect(back.alertCount).toBe(state.alertCount);
  });

  test("hears no more alerts than it can tell apart, nor any of them twice, and says so", () => {
    const storm = Array.from({ length: mostFiring + 10 }, (_, index) => join({ fingerprint: `s${index}` }));
    const { state, types } = run([openCommand, ...storm]);
    expect(types).toHaveLength(1 + mostFiring);
    expect(countFiring(state)).toBe(mostFiring);
    expect(run(storm, state).types).toEqual([]);
    const room = run([join({ fingerprint: "s0", status: "resolved" })], state);
    expect(room.types).toEqual(["alert_resolved"]);
    expect(run([join({ fingerprint: `s${mostFiring}` })], room.state).types).toEqual(["alert_joined"]);
  });

  test("takes the worst severity it has seen and keeps it", () => {
    const worse = run([join({ fingerprint: "a2", severity: "critical" })], open).state;
    expect(worse.severity).toBe("critical");
    expect(run([join({ fingerprint: "a3", severity: "info" })], worse).state.severity).toBe("critical");
  });

  test("that fires again is looked at afresh, and whoever was on it still is", () => {
    const known = run(
      [
        acknowledge("U0MAYA"),
        { command: "record_evidence", bodyId: "b", hash: "h", items: 2, gaps: [] },
        assess(),
        { command: "withhold", decision: decisions.constrain() },
        { command: "link", changeId },
        join({ status: "resolved" }),
      ],
      open,
    ).state;
    expect(isInvestigated(known)).toBe(true);
    const again = run([join()], known).state;
    expect(again).toMatchObject({
      status: "open",
      resolvedAt: null,
      evidence: null,
      assessment: null,
      candidates: [],
      noChange: null,
      withheld: null,
      linkedChangeId: null,
      alertCount: 1,
    });
    expect(again.acknowledgedBy?.userId).toBe("U0MAYA");
    expect(isInvestigated(again)).toBe(false);
  });

  test("drops its findings, and nothing else, when it is looked at anew", () => {
    const known = run(
      [
        acknowledge("U0MAYA"),
        { command: "record_evidence", bodyId: "b", hash: "h", items: 2, gaps: [] },
        assess({ candidateId: null, abstention: "It was the deploy." }),
        { command: "withhold", decision: decisions.constrain() },
        { command: "link", changeId },
      ],
      open,
    ).state;
    const tomorrow = later(soon, 86_400_000);
    const { state } = run([renew, join({ fingerprint: "a2" })], known, tomorrow);
    expect(isInvestigated(state)).toBe(false);
    expect(state).toEqual({
      ...run([acknowledge("U0MAYA")], open).state,
      episodeStartedAt: tomorrow,
      alerts: [
        ...known.alerts,
        { ...open.alerts[0], alert: alertWith({ fingerprint: "a2" }), joinedAt: tomorrow },
      ],
      alertCount: 2,
      kinds: [{ kind: "Checkout errors", count: 2 }],
      lastHeardAt: tomorrow,
    });
  });

  test("is investigated once it has an assessment, a reason for none, or was withheld", () => {
    expect(isInvestigated(open)).toBe(false);
    expect(isInvestigated(run([assess()], open).state)).toBe(true);
    expect(isInvestigated(run([{ command: "withhold", decision: decisions.deny() }], open).state)).toBe(true);
  });

  test("does not begin in the middle of its ledger", () => {
    expect(() => evolveIncident(incidentId, null, { type: "incident_resolved", at: soon })).toThrow(
      /first event/,
    );
  });
});

describe("alerts of several sources in one incident", () => {
  test("are told apart although their fingerprints are the same: one source cannot end what another says", () => {
    const other = { sourceId: "grafana" };
    const ended = run([join({ ...other, status: "resolved" })], open);
    expect(ended.types).toEqual([]);
    const both = run([join(other)], open).state;
    expect(both).toMatchObject({ alertCount: 2, sources: ["alertmanager", "grafana"] });
    const left = run([join({ ...other, status: "resolved" })], both);
    expect(left.types).toEqual(["alert_resolved"]);
    expect(left.state.alerts.map(({ resolvedAt }) => resolvedAt)).toEqual([null, soon]);
    expect(run([join({ status: "resolved" })], left.state).state.status).toBe("resolved");
  });

  test("are told apart among those that are only counted, too", () => {
    const full = Array.from({ length: keptAlerts }, (_, index) => join({ fingerprint: `s${index}` }));
    const { state } = run([openCommand, ...full, join({ fingerprint: "x" })]);
    expect(run([join({ fingerprint: "x", sourceId: "grafana", status: "resolved" })], state).types).toEqual(
      [],
    );
    expect(run([join({ fingerprint: "x", sourceId: "grafana" })], state).types).toEqual(["alert_counted"]);
    expect(run([join({ fingerprint: "x", status: "resolved" })], state).types).toEqual(["alert_resolved"]);
  });
});

describe("a storm", () => {
  const full = Array.from({ length: keptAlerts }, (_, index) => join({ fingerprint: `s${index}` }));
  const { state: storm } = run([openCommand, ...full]);

  test("counts what it has no room for, and makes room for what is worse", () => {
    const more = run(
      [join({ fingerprint: "more" }), join({ fingerprint: "bad", severity: "critical" })],
      storm,
    );
    expect(more.types).toEqual(["alert_counted", "alert_joined"]);
    expect(more.state).toMatchObject({ severity: "critical", alertCount: keptAlerts + 2 });
    expect(more.state.otherAlerts.firing).toEqual(["more", "s0"]);
    expect(more.state.alerts.at(-1)?.alert.fingerprint).toBe("bad");
  });

  test("is counted by kind, the rule's name before the title, up to a number of kinds", () => {
    const labels = { alertname: "HighErrors" };
    const { state } = run([join({ fingerprint: "l1", labels }), join({ fingerprint: "l2", labels })], storm);
    expect(state.kinds).toEqual([
      { kind: "Checkout errors", count: keptAlerts },
      { kind: "HighErrors", count: 2 },
    ]);
    const titles = Array.from({ length: 100 }, (_, index) =>
      join({ fingerprint: `t${index}`, title: `T${index}` }),
    );
    expect(run(titles, state).state.kinds).toHaveLength(20);
  });
});

const at = (minutes: number) => later(soon, minutes * 60_000);

describe("to and fro", () => {
  const damping = { times: 4, withinMs: 30 * 60_000 };
  const quietMs = 10 * 60_000;
  const fires: IncidentCommand = { ...join(), damping };
  const ends = join({ status: "resolved" });
  /** Opened at 0, then every minute to and fro. */
  function flaps(times: number, everyMinutes = 1) {
    let played = run([openCommand, fires], null, at(0));
    for (let turn = 1; turn <= times; turn += 1) {
      const ended = run([ends], played.state, at(turn * everyMinutes));
      const again = run([fires], ended.state, at(turn * everyMinutes));
      played = { state: again.state, types: [...played.types, ...ended.types, ...again.types] };
    }
    return played;
  }

  test("is put up with three times and held open from the fourth", () => {
    expect(flaps(3).types).not.toContain("flapping_started");
    const { types, state } = flaps(6);
    expect(types.filter((type) => type === "flapping_started")).toHaveLength(1);
    expect(types.filter((type) => type === "incident_resolved")).toHaveLength(4);
    expect(state).toMatchObject({ status: "open", flappingSince: at(4) });
  });

  test("keeps the findings from the moment it is held open", () => {
    const found = run([assess()], flaps(3).state, at(3)).state;
    const ended = run([ends], found, at(4)).state;
    const held = run([fires], ended, at(4));
    expect(held.types).toEqual(["flapping_started", "alert_joined"]);
    expect(isInvestigated(held.state)).toBe(true);
    expect(held.state.episodeStartedAt).toBe(found.episodeStartedAt);
  });

  test("that takes its time is no flapping", () => {
    expect(flaps(6, 11).types).not.toContain("flapping_started");
  });

  test("ends when it has been quiet, and only then", () => {
    const held = flaps(4).state;
    const settle: IncidentCommand = { command: "settle", quietMs };
    expect(run([settle], held, at(100)).types).toEqual([]);
    const quiet = run([ends], held, at(5));
    expect(quiet.types).toEqual(["alert_resolved"]);
    expect(run([settle], quiet.state, at(14)).types).toEqual([]);
    const over = run([settle], quiet.state, at(15));
    expect(over.types).toEqual(["incident_resolved"]);
    expect(over.state).toMatchObject({ status: "resolved", flappingSince: null, reopenedAt: [] });
    expect(run([settle], over.state, at(60)).types).toEqual([]);
  });
});

describe("a silenced alert", () => {
  const child: IncidentCommand = {
    ...join({ fingerprint: "child", severity: "warning" }),
    inhibitedBy: "a1",
  };
  const { state } = run([child], open);

  test("is one of the incident's, and known as silenced while that fires which silences it", () => {
    expect(state.inhibited).toEqual([{ key: "child", by: "a1" }]);
    const freed = run([join({ status: "resolved" })], state);
    expect(freed.types).toEqual(["alert_resolved"]);
    expect(freed.state).toMatchObject({ status: "open", inhibited: [] });
  });

  test("that ends is silenced no more", () => {
    expect(run([join({ fingerprint: "child", status: "resolved" })], state).state.inhibited).toEqual([]);
  });
});

test("a mute that is lifted is over, once", () => {
  const muted = run([{ command: "mute", until: later(soon, 1000), userId: "U0MAYA", reason: "known" }], open);
  const lift: IncidentCommand = { command: "lift_mute", userId: "U0MAYA", reason: "done" };
  const lifted = run([lift], muted.state);
  expect(lifted.types).toEqual(["mute_lifted"]);
  expect(lifted.state.mutedUntil).toBeNull();
  expect(run([lift], lifted.state).types).toEqual([]);
});

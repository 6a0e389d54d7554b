import * as fc from "fast-check";
import { expect, test } from "vitest";
import { worse, type Severity } from "../../../src/domain/alert.ts";
import { later, type Instant } from "../../../src/domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../../src/domain/incident/decide-incident.ts";
import { IncidentEvent } from "../../../src/domain/incident/events.ts";
import { keptAlerts } from "../../../src/domain/incident/heard-alerts.ts";
import { countFiring, evolveIncident, IncidentState } from "../../../src/domain/incident/incident.ts";
import { incidentId } from "../../support/change-fixtures.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { alertStart, join, openCommand } from "../../support/incident-fixtures.ts";

interface Heard {
  fingerprint: string;
  status: "firing" | "resolved";
  severity: Severity;
}

const severity = fc.constantFrom<Severity[]>("critical", "error", "warning", "info");
const heardOf = (fingerprints: number): fc.Arbitrary<Heard> =>
  fc.record({
    fingerprint: fc.integer({ min: 1, max: fingerprints }).map((number) => `a${number}`),
    status: fc.constantFrom("firing", "firing", "resolved"),
    severity,
  });
const few = fc.array(heardOf(4), { minLength: 1, maxLength: 30, size: "max" });
const many = fc.array(heardOf(keptAlerts * 2), { minLength: 1, maxLength: 200, size: "max" });

interface Played {
  state: IncidentState;
  events: IncidentEvent[];
  /** After each command. */
  states: IncidentState[];
}

function play(alerts: readonly Heard[]): Played {
  const commands: IncidentCommand[] = [openCommand, ...alerts.map((heard) => join(heard))];
  let now: Instant = alertStart;
  let state: IncidentState | null = null;
  const events: IncidentEvent[] = [];
  const states: IncidentState[] = [];
  for (const command of commands) {
    now = later(now, 1000);
    const answer = decideIncident(command, state, now);
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) {
      state = evolveIncident(incidentId, state, event);
      events.push(event);
    }
    if (state !== null) states.push(state);
  }
  if (state === null) throw new Error("nothing happened");
  return { state, events, states };
}

test("an incident knows how many alerts joined, which fire, and how bad it was", () => {
  let relapses = 0;
  fc.assert(
    fc.property(few, (alerts) => {
      // The plainest model: a map from fingerprint to whether it fires.
      const fires = new Map<string, boolean>();
      let worst: Severity = "error";
      const { states } = play(alerts);
      alerts.forEach((heard, index) => {
        const known = fires.get(heard.fingerprint);
        if (heard.status === "firing") {
          if (known !== true) worst = worse(worst, heard.severity);
          fires.set(heard.fingerprint, true);
        } else if (known !== undefined) fires.set(heard.fingerprint, false);
        const state = states[index + 1];
        if (state === undefined) throw new Error("a step without a state");
        expect(state.alertCount).toBe(fires.size);
        expect(state.severity).toBe(worst);
        const firing = state.alerts.filter((one) => one.resolvedAt === null);
        expect(firing.map((one) => one.alert.fingerprint).toSorted()).toEqual(
          [...fires].flatMap(([fingerprint, on]) => (on ? [fingerprint] : [])).toSorted(),
        );
        expect(state.status).toBe(fires.size > 0 && firing.length === 0 ? "resolved" : "open");
        expect(state.resolvedAt === null).toBe(state.status === "open");
        if (states[index]?.status === "resolved" && state.status === "open") relapses += 1;
      });
    }),
    seeded("incident: alerts", 2000),
  );
  expect(relapses).toBeGreaterThan(100);
});

test("hearing the same once more says nothing new", () => {
  fc.assert(
    fc.property(few, heardOf(4), (alerts, last) => {
      const once = play([...alerts, last]);
      const twice = play([...alerts, last, last]);
      expect(twice.events).toEqual(once.events);
    }),
    seeded("incident: repeats", 1000),
  );
});

test("events and states are what their schemas say, and folding again gives the same state", () => {
  fc.assert(
    fc.property(fc.oneof(few, many), (alerts) => {
      const { events, state } = play(alerts);
      let again: IncidentState | null = null;
      for (const event of events) {
        again = evolveIncident(incidentId, again, IncidentEvent.parse(JSON.parse(JSON.stringify(event))));
      }
      expect(again).toEqual(state);
      expect(IncidentState.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
    }),
    seeded("incident: schemas and folding", 1000),
  );
});

test("a storm of alerts keeps the card's list short, and the incident open until the last of them has resolved", () => {
  let full = 0;
  fc.assert(
    fc.property(many, (alerts) => {
      const { states } = play(alerts);
      const fires = new Map<string, boolean>();
      for (const [index, state] of states.entries()) {
        const heard = alerts[index - 1];
        if (heard?.status === "firing") fires.set(heard.fingerprint, true);
        if (heard?.status === "resolved" && fires.has(heard.fingerprint)) fires.set(heard.fingerprint, false);
        expect(state.alertCount).toBe(fires.size);
        expect(state.status).toBe(
          fires.size > 0 && ![...fires.values()].includes(true) ? "resolved" : "open",
        );
        expect(state.alerts.length).toBeLessThanOrEqual(keptAlerts);
        expect(countFiring(state)).toBe([...fires.values()].filter(Boolean).length);
        if (state.alerts.length === keptAlerts) full += 1;
      }
    }),
    seeded("incident: storms", 300),
  );
  expect(full).toBeGreaterThan(100);
});

test("a storm that goes on firing is heard once, however often its source repeats it", () => {
  const storm = Array.from({ length: keptAlerts + 10 }, (_, index): Heard => {
    return { fingerprint: `a${index}`, status: "firing", severity: "error" };
  });
  const { state, events } = play([...storm, ...storm, ...storm]);
  expect(state.alertCount).toBe(storm.length);
  const heard = events.filter(({ type }) => type === "alert_joined" || type === "alert_counted");
  expect(heard).toHaveLength(storm.length);
  expect(heard.filter(({ type }) => type === "alert_joined")).toHaveLength(keptAlerts);
});

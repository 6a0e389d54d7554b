import { expect, test } from "vitest";
import { type Instant, later } from "../../../src/domain/ids.ts";
import { decideIncident, type IncidentCommand } from "../../../src/domain/incident/decide-incident.ts";
import { evolveIncident, type IncidentState } from "../../../src/domain/incident/incident.ts";
import { troubleBeganAt } from "../../../src/pipeline/trouble-began-at.ts";
import { incidentId } from "../../support/change-fixtures.ts";
import { alertStart, assessmentWith, join, openCommand } from "../../support/incident-fixtures.ts";

const minute = 60_000;

function at(minutes: number): Instant {
  return later(alertStart, minutes * minute);
}

function play(steps: readonly [minutes: number, command: IncidentCommand][]): IncidentState {
  let state: IncidentState | null = null;
  for (const [minutes, command] of steps) {
    const answer = decideIncident(command, state, at(minutes));
    if (answer.kind === "refused") throw new Error(answer.reason);
    for (const event of answer.events) state = evolveIncident(incidentId, state, event);
  }
  if (state === null) throw new Error("nothing happened");
  return state;
}

test("trouble began with the oldest alert that still fires, not when it was heard of", () => {
  const state = play([
    [2, openCommand],
    [2, join({ startedAt: at(0) })],
    [3, join({ fingerprint: "a2", startedAt: at(1) })],
  ]);
  expect(troubleBeganAt(state)).toBe(at(0));
});

test("a relapse began with the relapse: what was changed after the first trouble may have caused it", () => {
  const state = play([
    [0, openCommand],
    [0, join()],
    [5, join({ status: "resolved", endedAt: at(5) })],
    [62, join({ fingerprint: "a2", startedAt: at(60) })],
  ]);
  expect(state.openedAt).toBe(at(0));
  expect(state.episodeStartedAt).toBe(at(62));
  expect(troubleBeganAt(state)).toBe(at(60));
  const over = play([
    [0, openCommand],
    [0, join()],
    [5, join({ status: "resolved", endedAt: at(5) })],
    [62, join({ fingerprint: "a2", startedAt: at(60) })],
    [70, join({ fingerprint: "a2", status: "resolved", endedAt: at(69) })],
  ]);
  expect(troubleBeganAt(over)).toBe(at(60));
});

test("other trouble in the same incident began with its own alerts, though the old ones still fire", () => {
  const assess: IncidentCommand = {
    command: "record_assessment",
    assessment: assessmentWith(),
    candidates: [],
    transcript: null,
  };
  const state = play([
    [0, openCommand],
    [0, join()],
    [1, assess],
    [602, { command: "renew", reason: "Search is slow." }],
    [602, join({ fingerprint: "a2", startedAt: at(600) })],
  ]);
  expect(troubleBeganAt(state)).toBe(at(600));
});

test("an incident without alerts began when it was asked for", () => {
  expect(troubleBeganAt(play([[4, openCommand]]))).toBe(at(4));
});

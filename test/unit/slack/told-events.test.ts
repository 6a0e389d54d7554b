import { expect, it } from "vitest";
import { z } from "zod";
import { eventLines } from "../../../src/adapters/slack/thread/event-line.ts";
import { ChangeEvent } from "../../../src/domain/change/events.ts";
import { IncidentEvent } from "../../../src/domain/incident/events.ts";
import type { LedgerEntry } from "../../../src/domain/ledger/chain.ts";
import { DeliveryId } from "../../../src/domain/ids.ts";
import { toldEvents } from "../../../src/pipeline/people/told-events.ts";
import { changeId, decisions, propose, proposalFor, voteCommand } from "../../support/change-fixtures.ts";
import { join } from "../../support/incident-fixtures.ts";
import { investigated } from "../../support/story.ts";

function entryOf(event: ChangeEvent | IncidentEvent): LedgerEntry {
  const { type, at, ...data } = z.union([ChangeEvent, IncidentEvent]).parse(event);
  const hash = "0".repeat(64);
  return { stream: `change/${changeId}`, version: 9, position: null, type, at, data, prevHash: hash, hash };
}

it("has no line for an event that is not read for the thread", () => {
  const story = investigated();
  story.incident(join({ fingerprint: "f1", status: "resolved" }));
  const proposal = proposalFor();
  story.change(propose(decisions.queue(), proposal));
  story.change(voteCommand(proposal));
  const { digest } = proposal;
  story.change({ command: "begin", operationId: "op-1", epoch: 1, digest, decision: decisions.allow() });
  const at = story.now();
  const who = { at, userId: "U1", name: "Ben", reason: "no role permits it" };
  const entries = [
    ...story.view().timeline,
    entryOf({ type: "vote_refused", vote: "approve", ...who }),
    entryOf({ type: "action_refused", action: "close", ...who }),
    entryOf({ type: "feedback_given", at, userId: "U1", name: "Ben", useful: true }),
    entryOf({
      type: "tool_called",
      at,
      tool: "metric.query",
      arguments: "{}",
      argumentsHash: "sha256:0",
      decision: null,
      outcome: "refused",
      because: "a limit is met",
      evidenceIds: [],
      ms: 1,
    }),
    entryOf({
      type: "alert_counted",
      at,
      deliveryId: DeliveryId.parse("0198c0de-0000-7000-8000-000000000007"),
      sourceId: "alertmanager",
      fingerprint: "f9",
      severity: "info",
      kind: "HighLoad",
    }),
  ];
  const silent = entries.filter(({ type }) => !toldEvents.includes(type));
  expect([...new Set(silent.map(({ type }) => type))].toSorted()).toEqual([
    "action_refused",
    "alert_counted",
    "alert_joined",
    "alert_resolved",
    "assessed",
    "evidence_gathered",
    "execution_started",
    "feedback_given",
    "incident_opened",
    "tool_called",
    "vote_refused",
  ]);
  expect(silent.filter((entry) => eventLines(entry) !== null)).toEqual([]);
  const all = [...IncidentEvent.options, ...ChangeEvent.options].map(({ shape }) => shape.type.value);
  expect(new Set(all)).toEqual(new Set([...toldEvents, ...silent.map(({ type }) => type)]));
});

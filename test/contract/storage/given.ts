import type { Pool } from "pg";
import { expect } from "vitest";
import type { IncidentId } from "../../../src/domain/ids.ts";
import type { CommitResult, FollowUp, NewDelivery, Store } from "../../../src/pipeline/ports/storage.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { incidentWrite, newIncidentId, opened } from "./story-of-streams.ts";

/** The store under test. Its fields are there from the first test on, not while the tests are being listed. */
export interface Given {
  title: string;
  store: Store;
  pool: Pool;
  /** All follow-ups of which the store said that they are committed. */
  rung: FollowUp[];
  /** All deliveries of which the store said that they wait to be taken in. */
  taken: NewDelivery[];
}

export function newGroup(): string {
  return `group ${newIncidentId()}`;
}

export async function openIncident(
  given: Given,
  group = newGroup(),
): Promise<{ id: IncidentId; group: string }> {
  const id = newIncidentId();
  const result = await given.store.ledger.commit({ writes: [incidentWrite(id, 0, [opened(group)])] });
  expect(result).toEqual({ kind: "committed" });
  return { id, group };
}

export function follow(stage: FollowUp["stage"], subject: string, dueAt?: FollowUp["dueAt"]): FollowUp {
  return { stage, subject, correlationId, ...(dueAt !== undefined && { dueAt }) };
}

export function put(given: Given, followUp: FollowUp): Promise<CommitResult> {
  return given.store.ledger.commit({ writes: [], followUps: [followUp] });
}

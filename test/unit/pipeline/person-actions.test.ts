import { expect, it, vi } from "vitest";
import { OpsError, type OpsErrorCode } from "../../../src/domain/ops-error.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { createWorld } from "./world.ts";

async function acknowledgeWhen(fails: "reading" | "writing", code: OpsErrorCode) {
  const world = createWorld();
  const incidentId = await world.openIncident();
  const error = new OpsError(code, "PostgreSQL cannot be reached: cut off.");
  const method = fails === "writing" ? "commit" : "incident";
  vi.spyOn(world.store.ledger, method).mockRejectedValue(error);
  return personActions(world.deps).acknowledge({ incidentId, userId: "U0RITA" });
}

it.each(["unreachable", "timeout"] as const)("says that nobody knows when a commit ends %s", async (code) => {
  expect(await acknowledgeWhen("writing", code)).toEqual({
    kind: "unavailable",
    reason:
      "PostgreSQL cannot be reached: cut off. It may or may not be recorded: look at the card before you try again.",
  });
});

it.each([
  ["reading", "unreachable"],
  ["reading", "timeout"],
  ["writing", "server_error"],
] as const)("says that nothing was done when %s fails with %s", async (fails, code) => {
  expect(await acknowledgeWhen(fails, code)).toEqual({
    kind: "unavailable",
    reason: "PostgreSQL cannot be reached: cut off. Nothing was done; try again.",
  });
});

import { expect, it } from "vitest";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { createSweeper } from "../../../src/pipeline/sweeper.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { createInMemoryStore, movableClock } from "../../support/in-memory-store.ts";
import { later } from "../../../src/domain/ids.ts";
import { until } from "../../support/until.ts";

const silent = () => undefined;

it("rings the rest when one cannot be rung, and every stage behind a crowd of another", async () => {
  const clock = movableClock();
  const store = createInMemoryStore({ clock });
  const dueAt = later(clock.now(), -60_000);
  await store.ledger.commit({
    writes: [],
    followUps: [
      ...Array.from({ length: 1100 }, (_, index) => ({
        stage: "review" as const,
        subject: `review-${index}`,
        correlationId,
        dueAt,
      })),
      { stage: "execute", subject: "change", correlationId },
    ],
  });
  const rung: string[] = [];
  const warnings: string[] = [];
  await using _ = createSweeper({
    store,
    everyMs: 60_000,
    doorbell: {
      async ring(_stage, subject) {
        if (subject === "review-0") throw new OpsError("unreachable", "The queue is away.");
        rung.push(subject);
      },
    },
    log: {
      debug: silent,
      info: silent,
      warn: (_fields, message) => void warnings.push(message),
      error: silent,
    },
  });
  await until("the sweep to end", () => warnings.length > 0);
  expect(rung).toHaveLength(1000);
  expect(rung).toContain("change");
  expect(warnings).toEqual(["1 of 1001 doorbells could not be rung; the next sweep tries again"]);
});

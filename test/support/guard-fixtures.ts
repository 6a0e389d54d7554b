import type { GuardFacts } from "../../src/domain/guard/guard-facts.ts";
import { Guardrails } from "../../src/domain/guard/guardrails.ts";
import { Instant } from "../../src/domain/ids.ts";
import type { z } from "zod";
import { proposalFor } from "./change-fixtures.ts";

/** A Wednesday at noon. */
export const wednesdayNoon = Instant.parse("2026-11-18T12:00:00.000Z");

/** Facts about a draft against which nothing stands. */
export function guardFacts(over: Partial<GuardFacts> = {}): GuardFacts {
  const { action, plan } = proposalFor();
  return {
    action,
    plan,
    now: wednesdayNoon,
    byPeople: false,
    sources: ["alertmanager"],
    reaches: [{ projects: ["*"], environments: ["*"], flags: ["*"] }],
    regions: ["eu"],
    runbooks: { kind: "known", value: [] },
    pending: { kind: "known", value: [] },
    queue: { waiting: 0, oldestSince: null, slaMisses: 0 },
    ...over,
  };
}

export function guardrailsWith(over: z.input<typeof Guardrails> = {}): Guardrails {
  return Guardrails.parse(over);
}

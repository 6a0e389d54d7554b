import { z } from "zod";
import type { GuardrailFinding } from "../policy/guardrail.ts";
import type { GuardFacts } from "./guard-facts.ts";
import { react, Reaction, stricter } from "./react.ts";

const names = z.array(z.string().min(1)).min(1);

/** These, or all but these; what is not known is none of a list, and one of "all but". */
const Named = z.union([names, z.strictObject({ except: names })], {
  error: "a list of names, or { except: [names] }",
});
type Named = z.infer<typeof Named>;

/** Of what is touched where, and what is made of it. Everything that a limit names has to fit. */
export const ScopeLimit = z
  .strictObject({
    name: z.string().min(1).max(80),
    environments: names.default(["*"]),
    /** Tenants of the catalogue's services. */
    accounts: Named.optional(),
    /** Values of the alerts' region label. */
    regions: Named.optional(),
    /** Keys of the segments that the flag uses before or after the change. */
    segments: Named.optional(),
    effect: Reaction.exclude(["none"]).default("deny"),
    because: z.string().min(1).max(200),
  })
  .refine(({ accounts, regions, segments }) => (accounts ?? regions ?? segments) !== undefined, {
    error: "a limit names accounts, regions or segments",
  });
export type ScopeLimit = z.infer<typeof ScopeLimit>;

export const ScopeRules = z.strictObject({
  /** The label of an alert that says which region it is about. */
  regionLabel: z.string().min(1).default("region"),
  limits: z.array(ScopeLimit).max(50).default([]),
});
export type ScopeRules = z.infer<typeof ScopeRules>;

/** Which accounts, regions and segments may be touched where. Of several limits that fit the strictest holds. */
export function scopeLimits(
  facts: Pick<GuardFacts, "action" | "regions" | "plan">,
  { limits }: Pick<ScopeRules, "limits">,
): GuardrailFinding {
  const guardrail = "scope_limits";
  const { action, regions } = facts;
  const evidence = [
    `account ${action.account || "unknown"}`,
    `region ${regions.join(", ") || "unknown"}`,
    ...(action.scope.segments.length === 0
      ? []
      : [`segments ${action.scope.segments.slice(0, 10).join(", ")}`]),
  ];
  const fitting = facts.plan === null ? [] : limits.filter((limit) => fits(limit, facts));
  const [first, ...rest] = fitting;
  if (first === undefined) return { guardrail, verdict: "pass", evidence };
  const reaction = rest.reduce<Reaction>(
    (strictest, { effect }) => stricter(strictest, effect),
    first.effect,
  );
  const said = fitting.find(({ effect }) => effect === reaction) ?? first;
  return react(reaction, {
    guardrail,
    evidence: [...evidence, ...fitting.map(({ name }) => `limit "${name}"`)],
    reason: `The limit "${said.name}" of guardrails.yml stands against it: ${said.because.replace(/\.$/, "")}.`,
  });
}

function fits(
  { environments, accounts, regions, segments }: ScopeLimit,
  facts: Pick<GuardFacts, "action" | "regions">,
): boolean {
  const { target, account, scope } = facts.action;
  const where = facts.regions.length === 0 ? [""] : facts.regions;
  return (
    (environments.includes("*") || environments.includes(target.environment)) &&
    (accounts === undefined || isNamed(account, accounts)) &&
    (regions === undefined || where.some((region) => isNamed(region, regions))) &&
    (segments === undefined || scope.segments.some((key) => isNamed(key, segments)))
  );
}

function isNamed(name: string, named: Named): boolean {
  return Array.isArray(named) ? named.includes(name) || named.includes("*") : !named.except.includes(name);
}

import { applyCall } from "../../../src/domain/flag/call.ts";
import { type EvidenceItem, itemsOf } from "../../../src/domain/evidence/evidence.ts";
import { type Flag, sameBehaviour } from "../../../src/domain/flag/flag.ts";
import type { Conclusion } from "./conclude-world.ts";
import type { World } from "./world.ts";
import { minuteMs, now, population, segmentsAt, snapshotsAt, usersServed } from "./world-flags.ts";

/** Null where the question does not arise: nobody asks for the direction of a change that is not recommended. */
export interface Score {
  name: string;
  class: string;
  /** What ought to be done here. */
  wanted: "recommend" | "abstain" | "either";
  recommended: string | null;
  /** The flag that is to be changed is one that did it. */
  flag: boolean | null;
  environment: boolean | null;
  /** Fewer users get what harms, counted over a population. */
  direction: boolean | null;
  /** It takes the harm away again, or down to our own people, and with a tool that fits. */
  operation: boolean | null;
  /** Forward and then reverse give the flag back, field for field. */
  reverse: boolean | null;
  citations: boolean;
  /** What was chosen stood among the candidates. */
  offered: boolean;
  cause: boolean;
  confidence: string;
  said: string;
  tookMs: number;
  /** Of all requests to a model, as its server counted them. */
  tokens: { input: number; output: number };
  /** Rules concluded in a model's place. */
  fellBack: boolean;
  /** Nothing that matters is wrong. */
  passed: boolean;
}

/** Compares an answer with what is true of its world. No model is asked. */
export function scoreConclusion(world: World, conclusion: Conclusion): Score {
  const { assessment, candidates, proposed, tookMs, transcript } = conclusion;
  const { truth } = world;
  const culprit = proposed === null ? undefined : truth.flags[proposed.candidate.flagKey];
  const wanted =
    Object.keys(truth.flags).length === 0 ? "abstain" : truth.mayAbstain ? "either" : "recommend";
  const effect =
    proposed === null || culprit === undefined ? null : effectOf(world, proposed, culprit.harmful);
  const facts = {
    flag: proposed === null ? null : culprit !== undefined,
    environment: proposed === null ? null : proposed.plan.ref.environment === world.environment,
    direction: effect?.direction ?? null,
    operation: effect?.operation ?? null,
    reverse: proposed === null ? null : bringsBack(proposed),
    citations: citesTruly(conclusion),
    offered: assessment.candidateId === null || candidates.some(({ id }) => id === assessment.candidateId),
  };
  const sound = Object.values(facts).every((fact) => fact !== false);
  return {
    name: world.name,
    class: world.class,
    wanted,
    recommended: proposed?.candidate.flagKey ?? null,
    ...facts,
    cause: truth.cause.includes(assessment.cause),
    confidence: assessment.confidence,
    said: assessment.abstention === "" ? assessment.summary : assessment.abstention,
    tookMs,
    tokens: tokensIn(transcript),
    fellBack: assessment.route.fellBack !== null,
    passed: sound && (wanted === "recommend" ? proposed !== null : wanted === "either" || proposed === null),
  };
}

type Proposed = NonNullable<Conclusion["proposed"]>;

/** Over a population of users: who got the harmful variation before the trouble, gets it now, would get it after. */
function effectOf(
  world: World,
  { candidate, snapshot, plan }: Proposed,
  harmful: string,
): { direction: boolean; operation: boolean } {
  const segments = segmentsAt(world, now);
  const harmedBy = (flag: Flag | undefined) =>
    flag === undefined ? new Set<string>() : usersServed(flag, segments, harmful);
  const today = harmedBy(snapshot.flag);
  const after = harmedBy(plan.after);
  const before = harmedBefore(world, snapshot.flag.key, harmful, today);
  const internal = new Set(segments.find(({ key }) => key === "internal")?.included ?? []);
  // Our own people may be given what harms: they are the ones who find out why.
  const others = [...after].filter((user) => !internal.has(user));
  // The same share may be cut out of other users than before.
  const contained = others.length <= before.size + 0.03 * population.length;
  const spread = others.some((user) => !today.has(user));
  const fits = world.truth.tools === undefined || world.truth.tools.includes(candidate.operation.tool);
  return { direction: others.length < today.size && !spread, operation: contained && fits };
}

/** The fewest users that ever got the harmful variation within the look-back; that was the state without trouble. */
function harmedBefore(world: World, key: string, harmful: string, today: Set<string>): Set<string> {
  const changedAt = [
    ...Object.values(world.flags).flatMap(({ changes }) => changes),
    ...Object.values(world.segments).flatMap(({ changes }) => changes),
  ].map(({ ago }) => now - ago * minuteMs - 1);
  let fewest = today;
  for (const at of changedAt) {
    const found = snapshotsAt(world, world.environment ?? "", at).find(({ flag }) => flag.key === key);
    const served =
      found === undefined ? new Set<string>() : usersServed(found.flag, segmentsAt(world, at), harmful);
    if (served.size < fewest.size) fewest = served;
  }
  return fewest;
}

function bringsBack({ snapshot, plan }: Proposed): boolean {
  const forward = applyCall(snapshot.flag, plan.forward);
  return (
    sameBehaviour(applyCall(forward, plan.reverse), snapshot.flag) && !sameBehaviour(forward, snapshot.flag)
  );
}

/** Every id exists, and every suspect rests on a change of its own flag and on nothing that cannot carry it. */
function citesTruly({ assessment, evidence }: Conclusion): boolean {
  const known = new Set<string>(evidence.items.map(({ id }) => id));
  const words = [assessment.summary, assessment.abstention, ...assessment.suspects.map(({ why }) => why)];
  const cited = [
    ...assessment.suspects.flatMap(({ citations }) => citations),
    ...words.flatMap((text) => text.match(/\bE\d{1,6}\b/g) ?? []),
  ];
  const changes = itemsOf(evidence, "flag_change");
  return (
    cited.every((id) => known.has(id)) &&
    assessment.suspects.every(
      ({ flagKey, citations }) =>
        changes.some(({ id, ref }) => ref.key === flagKey && citations.includes(id)) &&
        citations.every((id) => evidence.items.some((item) => item.id === id && bears(item, flagKey))),
    )
  );
}

/** The table of docs/drafting.md, written down a second time: what checks must not share the code it checks. */
function bears(item: EvidenceItem, flagKey: string): boolean {
  if (item.kind === "flag_change" || item.kind === "flag_state") return item.ref.key === flagKey;
  if (item.kind === "past_incident") return item.change?.flagKey === flagKey;
  return item.kind === "metric" && item.trend !== "no_data" && (item.cohort?.flagKey ?? flagKey) === flagKey;
}

function tokensIn(transcript: string | null): { input: number; output: number } {
  const sumOf = (name: string) =>
    [...(transcript ?? "").matchAll(new RegExp(`"${name}":(\\d+)`, "g"))].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  return { input: sumOf("promptTokens"), output: sumOf("answerTokens") };
}

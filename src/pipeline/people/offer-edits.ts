import type { ChangeState } from "../../domain/change/change.ts";
import { sameBehaviour } from "../../domain/flag/flag.ts";
import { variationName } from "../../domain/flag/flag-words.ts";
import { plainName } from "../../domain/flag/plain-text.ts";
import { compile } from "../../domain/flag/plan.ts";
import type { EditChoices } from "../ports/person-actions.ts";
import { type EditDeps, readFlag } from "./edit-change.ts";
import { changeableIn } from "./edit-operation.ts";

const mostOffered = 50;

/** What a person may choose anew in this draft, each candidate compiled from the flag as it is now; null: nothing is left. */
export async function offerEdits(
  { proposal, incidentId }: ChangeState,
  deps: EditDeps,
): Promise<EditChoices | null> {
  const { plan, expected } = proposal;
  const [incident, found] = await Promise.all([deps.store.ledger.incident(incidentId), readFlag(plan, deps)]);
  if (incident === null || "refusedBecause" in found) return null;
  const { snapshot, segments } = found;
  const { candidates, scope } = incident.state;
  const changeable = changeableIn(plan.operation);
  const { flag } = snapshot;
  return {
    candidates: candidates
      .filter(({ flagKey }) => flagKey === flag.key)
      .flatMap(({ id, summary, operation }) => {
        const compiled = compile(operation, snapshot, segments);
        if (compiled.kind === "refused" || sameBehaviour(compiled.plan.after, plan.after)) return [];
        return [{ id, label: summary, diff: compiled.plan.diff }];
      }),
    percent: changeable.percent,
    variations: changeable.variation
      ? flag.variations.map(({ id }) => ({ id, name: variationName(flag, id) })).slice(0, mostOffered)
      : [],
    segments: changeable.segment
      ? segments
          .filter(({ isArchived }) => !isArchived)
          .map(({ id, name }) => ({ id, name: plainName(name) }))
          .slice(0, mostOffered)
      : [],
    metrics: (deps.services.find(({ name }) => name === scope?.service)?.queries ?? [])
      .map(({ id, title }) => ({ id, title }))
      .slice(0, mostOffered),
    expected,
  };
}

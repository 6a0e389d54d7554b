import type { EvidenceGap } from "../../domain/evidence/evidence.ts";
import type { Instant } from "../../domain/ids.ts";
import type { PlacedChange } from "../../domain/outside-change.ts";
import {
  type ChangeFinding,
  type DeployFinding,
  describeOutsideChange,
  mergeDeploys,
} from "./describe-outside-change.ts";
import type { Found } from "./evidence-source.ts";
import { gatherDeploys } from "./gather-deploys.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { gapOf, type Sourced, valueOr, withinBudget } from "./within-budget.ts";

/** What deploy systems and others told of a service's environment in a time; at most so many as asked for, newest first. */
export type ReadOutsideChanges = (range: {
  service: string;
  environmentName: string;
  from: Instant;
  to: Instant;
  limit: number;
}) => Promise<PlacedChange[]>;

export interface ChangesQuestion {
  telemetry: Telemetry | null;
  deployQuery: string | undefined;
  outsideChanges: ReadOutsideChanges | undefined;
  service: string;
  environmentName: string;
  from: Instant;
  to: Instant;
  budgetMs: number;
}

const mostTold = 100;

/** Deploys, seen in the metrics or told of by others, and all other changes that were told of. */
export async function gatherChanges(question: ChangesQuestion): Promise<Found> {
  const { telemetry, deployQuery, outsideChanges, service, environmentName, from, to, budgetMs } = question;
  const [seen, told] = await Promise.all([
    deployQuery === undefined || telemetry === null
      ? none<DeployFinding>()
      : withinBudget(() => gatherDeploys(telemetry, deployQuery, from, to), budgetMs),
    outsideChanges === undefined
      ? none<PlacedChange>()
      : withinBudget(() => outsideChanges({ service, environmentName, from, to, limit: mostTold }), budgetMs),
  ]);
  const described = valueOr(told, []).map(({ change }) => describeOutsideChange(change));
  const deploys = described.filter((one): one is DeployFinding => one.kind === "deploy");
  const others = described.filter((one): one is ChangeFinding => one.kind === "change");
  return {
    items: [...mergeDeploys(valueOr(seen, []), deploys), ...others],
    gaps: [
      ...gapOf("deploys", seen, ""),
      ...blindness(question, deploys.length),
      ...gapOf("changes told by others", told, "Deploys and other changes may be missing."),
    ],
  };
}

/** Without a deploy query, deploys are seen only if somebody tells of them; silence then proves nothing. */
function blindness({ telemetry, deployQuery }: ChangesQuestion, deploysTold: number): EvidenceGap[] {
  if (deploysTold > 0 || (deployQuery !== undefined && telemetry !== null)) return [];
  const reason =
    deployQuery === undefined
      ? "The catalogue names no deploy query and nobody told of a deploy, so deploys are not seen."
      : "No metrics are configured, so deploys are not seen.";
  return [{ source: "deploys", reason }];
}

async function none<T>(): Promise<Sourced<T[]>> {
  return { kind: "value", value: [] };
}

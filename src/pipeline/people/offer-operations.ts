import type { FlagSnapshot, Segment } from "../../domain/flag/flag.ts";
import { variationName } from "../../domain/flag/flag-words.ts";
import type { ToolOperation } from "../../domain/flag/operation.ts";
import { operationWords } from "../../domain/flag/operation-words.ts";
import { compile } from "../../domain/flag/plan.ts";
import { raiseShare } from "../../domain/flag/raise-share.ts";
import { percentsOf } from "../../domain/flag/rollout.ts";
import type { Service } from "../../domain/service.ts";
import type { OperationChoice } from "../ports/person-actions.ts";

/** What a person typed beside a choice. */
export interface Given {
  /** 0..100; null where nothing was typed. */
  percent: number | null;
  userKeys: readonly string[];
}

interface Offered extends OperationChoice {
  /** Null where what was typed does not make an operation. */
  operationOf(given: Given): ToolOperation | null;
}

const mostVariations = 8;

/**
 * What a person may ask of a flag as it is: every operation that compiles, each under a name of its own. Those that
 * need a share or users are offered without, and compiled once these are known.
 */
export function operationsFor(
  snapshot: FlagSnapshot,
  segments: readonly Segment[],
  service: Service,
): Offered[] {
  const { flag } = snapshot;
  const fixed = (operation: ToolOperation, id: string): Offered[] => {
    const compiled = compile(operation, snapshot, segments);
    if (compiled.kind === "refused") return [];
    const label = operationWords(operation, flag);
    return [{ id, label, diff: compiled.plan.diff, needs: null, operationOf: () => operation }];
  };
  const variations = flag.variations.slice(0, mostVariations);
  const internal = segments.find(({ key, isArchived }) => key === service.internalSegment && !isArchived);
  const open = (
    id: string,
    label: string,
    needs: "percent" | "users",
    operationOf: Offered["operationOf"],
  ): Offered => ({
    id,
    label,
    diff: [],
    needs,
    operationOf,
  });
  return [
    ...fixed(flag.isEnabled ? { tool: "flag.turn_off" } : { tool: "flag.turn_on" }, "toggle"),
    ...variations.flatMap(({ id }) =>
      fixed({ tool: "flag.serve_variation", rule: null, variationId: id }, `serve:${id}`),
    ),
    ...variations.map(({ id }) =>
      open(
        `share:${id}`,
        `Set the share of ${variationName(flag, id)} by default, percent`,
        "percent",
        ({ percent }) =>
          percent === null
            ? null
            : {
                tool: "flag.set_rollout",
                rule: null,
                shares: raiseShare(sharesOf(snapshot, id), id, percent),
              },
      ),
    ),
    ...(internal === undefined
      ? []
      : variations.flatMap(({ id }) =>
          fixed(
            {
              tool: "flag.limit_to_segment",
              segmentId: internal.id,
              segmentName: internal.name,
              variationId: id,
              otherwiseVariationId: flag.disabledVariationId,
            },
            `internal:${id}`,
          ),
        )),
    ...variations.flatMap(({ id }) =>
      (["flag.add_targets", "flag.remove_targets"] as const).map((tool) => {
        const verb = tool === "flag.add_targets" ? "Give" : "Take single users from";
        const end = tool === "flag.add_targets" ? " to single users" : "";
        return open(`${tool}:${id}`, `${verb} ${variationName(flag, id)}${end}`, "users", ({ userKeys }) =>
          userKeys.length === 0 ? null : { tool, variationId: id, userKeys: [...userKeys] },
        );
      }),
    ),
    ...variations.flatMap(({ id }) =>
      fixed({ tool: "flag.set_off_variation", variationId: id }, `off:${id}`),
    ),
    ...variations.flatMap(({ id }) => fixed({ tool: "flag.disable_tool", variationId: id }, `block:${id}`)),
    ...fixed({ tool: "flag.archive" }, "archive"),
  ];
}

/** The default rule's shares; where one variation would be left alone, what it takes them from is the off one. */
function sharesOf({ flag }: FlagSnapshot, variationId: string): Map<string, number> {
  const shares = percentsOf(flag.fallthrough.variations);
  const others = [...shares].some(([id, share]) => id !== variationId && share > 0);
  if (!others && flag.disabledVariationId !== variationId) shares.set(flag.disabledVariationId, 1);
  return shares;
}

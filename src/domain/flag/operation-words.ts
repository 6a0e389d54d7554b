import type { Flag } from "./flag.ts";
import { variationName } from "./flag-words.ts";
import type { ToolOperation } from "./operation.ts";
import { plainName } from "./plain-text.ts";

/** What an operation asks for, in one line of plain text. */
export function operationWords(operation: ToolOperation, flag: Flag): string {
  const key = plainName(flag.key);
  const name = (id: string) => variationName(flag, id);
  switch (operation.tool) {
    case "flag.turn_on":
      return `Turn ${key} on`;
    case "flag.turn_off":
      return `Turn ${key} off: everyone gets ${name(flag.disabledVariationId)}`;
    case "flag.set_rollout":
      return `Set ${key} ${whereWords(operation.rule, flag)} to ${operation.shares
        .map(({ variationId, percent }) => `${name(variationId)} ${percent}%`)
        .join(", ")}`;
    case "flag.serve_variation":
      return `Let ${key} serve ${name(operation.variationId)} ${whereWords(operation.rule, flag)}`;
    case "flag.limit_to_segment":
      return `Limit ${name(operation.variationId)} of ${key} to ${plainName(operation.segmentName)}; everyone else gets ${name(operation.otherwiseVariationId)}`;
    case "flag.add_targets":
      return `Give ${name(operation.variationId)} of ${key} to ${operation.userKeys.length} users individually`;
    case "flag.remove_targets":
      return `Take ${operation.userKeys.length} users from the individual targets of ${name(operation.variationId)} of ${key}`;
    case "flag.set_off_variation":
      return `Let ${key} serve ${name(operation.variationId)} while it is off`;
    case "flag.disable_tool":
      return `Let ${key} block for everyone with ${name(operation.variationId)}`;
    case "flag.archive":
      return `Archive ${key}`;
  }
}

function whereWords(ruleId: string | null, flag: Flag): string {
  if (ruleId === null) return "by default";
  const rule = flag.rules.find(({ id }) => id === ruleId);
  return `to users of rule "${plainName(rule?.name ?? ruleId)}"`;
}

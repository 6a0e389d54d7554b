import { z } from "zod";
import type { Change } from "./sandbox.ts";
import type { Flag, Instruction, Segment } from "./world.ts";

// The values of instructions, as far as the sentences need them.
const Named = z.object({ name: z.string() });
const NewVariation = z.object({ name: z.string(), value: z.string().nullable() });
const Users = z.object({ keyIds: z.array(z.string()), variationId: z.string() });
const OfRule = z.object({ ruleId: z.string() });

const FLAG_EVENTS: readonly [RegExp, string][] = [
  [/^TurnFlag/, "toggled"],
  [/^ArchiveFlag$/, "archived"],
  [/^RestoreFlag$/, "restored"],
  [/^(Add|Remove|Update)Variation(Type)?$/, "variation_changed"],
  [/^UpdateDisabledVariation$/, "off_variation_changed"],
  [/^UpdateDefaultRule/, "default_rule_changed"],
  [/TargetUsers$/, "target_users_changed"],
  [/Rule/, "targeting_rules_changed"],
  [/./, "basic_info_updated"],
];

const SEGMENT_EVENTS: readonly [RegExp, string][] = [
  [/^Archive$/, "archived"],
  [/^Restore$/, "restored"],
  [/TargetUsers/, "target_users_changed"],
  [/Rule/, "rules_changed"],
  [/./, "basic_info_updated"],
];

/** All events of one change, whether anybody subscribed to them or not. */
export function eventsOf(kind: "flag" | "segment", change: Change): string[] {
  const prefix = kind === "flag" ? "feature_flag" : "segment";
  if (change.created) return [`${prefix}.created`];
  if (change.deleted) return [`${prefix}.deleted`];
  const table = kind === "flag" ? FLAG_EVENTS : SEGMENT_EVENTS;
  const names = change.instructions.map(
    (instruction) => table.find(([test]) => test.test(instruction.kind))?.[1],
  );
  return [...new Set(names)].map((name) => `${prefix}.${name}`);
}

/** The sentences of `changes`. */
export function describeChange(
  subject: Flag | Segment,
  before: Flag | Segment | undefined,
  change: Change,
): string[] {
  const isFlag = "revision" in subject;
  // The stray dollar sign is the real server's.
  const label = isFlag ? `Flag: $${subject.name}` : `Segment: ${subject.name}`;
  if (change.created) return [`Created ${label}`];
  if (change.deleted) return [`Deleted ${label}`];
  const sentences = change.instructions.map((instruction) =>
    sentence(instruction, subject, before ?? subject),
  );
  return [...new Set(sentences)];
}

function sentence({ kind, value }: Instruction, after: Flag | Segment, before: Flag | Segment): string {
  const variation = (id: unknown) => variationName(after, before, id);
  switch (kind) {
    case "TurnFlagOn":
      return `Turn on flag: ${after.name}`;
    case "TurnFlagOff":
      return `Turn off flag: ${after.name}`;
    case "ArchiveFlag":
      return `Archive flag: ${after.name}`;
    case "RestoreFlag":
      return `Restore flag: ${after.name}`;
    case "Archive":
      return `Archive segment: ${after.name}`;
    case "Restore":
      return `Restore segment: ${after.name}`;
    case "UpdateName":
      return `Update name from ${before.name} to ${after.name}`;
    case "UpdateDescription":
      return `Update description from ${before.description ?? ""} to ${after.description ?? ""}`;
    case "AddTags":
    case "RemoveTags":
      return `Update tags from ${before.tags.join(",")} to ${after.tags.join(",")}`;
    case "AddVariation":
      return `Add variation: ${NewVariation.parse(value).name}`;
    case "RemoveVariation":
      return `Remove variation: ${variation(value)}`;
    case "UpdateVariation":
      return variationUpdated(NewVariation.parse(value));
    case "UpdateDisabledVariation":
      return `Disabled variation updated to '${variation(value)}'`;
    case "UpdateDefaultRuleVariationOrRollouts":
      return "Update default rule variation";
    case "UpdateDefaultRuleDispatchKey":
      return "Update default rule dispatch key";
    case "SetTargetUsers":
      return `${Users.parse(value).keyIds.length > 0 ? "Set" : "Clear"} target users for variation '${variation(Users.parse(value).variationId)}'`;
    case "AddTargetUsers":
      return `Add target users to variation '${variation(Users.parse(value).variationId)}'`;
    case "RemoveTargetUsers":
      return `Remove target users from variation '${variation(Users.parse(value).variationId)}'`;
    case "AddTargetUsersToIncluded":
      return "Add including users";
    case "RemoveTargetUsersFromIncluded":
      return "Remove including users";
    case "AddTargetUsersToExcluded":
      return "Add excluding users";
    case "RemoveTargetUsersFromExcluded":
      return "Remove excluding users";
    default:
      return ruleSentence({ kind, value }, after, before);
  }
}

const variationUpdated = ({ name, value }: z.infer<typeof NewVariation>): string =>
  `Variation updated to '${name}' with value '${value ?? ""}'`;

function ruleSentence({ kind, value }: Instruction, after: Flag | Segment, before: Flag | Segment): string {
  const nameOf = (id: unknown) =>
    [...after.rules, ...before.rules].find((rule) => rule.id === id)?.name ?? "";
  if (kind === "SetRules") {
    const names = z
      .array(Named)
      .parse(value)
      .map(({ name }) => name);
    return names.length > 0 ? `Set rules: ${names.join(",")}` : "Clear rules";
  }
  if (kind === "AddRule") return `Add rule: ${Named.parse(value).name}`;
  if (kind === "RemoveRule") return `Remove rule: ${nameOf(value)}`;
  return `Update rule: ${nameOf(OfRule.parse(value).ruleId)}`;
}

function variationName(after: Flag | Segment, before: Flag | Segment, id: unknown): string {
  const all = [after, before].flatMap((row) => ("variations" in row ? row.variations : []));
  return all.find((variation) => variation.id === id)?.name ?? "";
}

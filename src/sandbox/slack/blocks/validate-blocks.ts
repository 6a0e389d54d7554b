import { newBlockId } from "../ids.ts";
import { asList, asObject, asObjects, asText, isObject, type Json, type JsonObject } from "../json.ts";
import { surfaces, type Surface } from "./block-kinds.ts";
import { byType, complain, list, type BlockIssue } from "./shape.ts";

/** Slack refuses a message whose words together exceed about this, though each block alone is legal. */
export const maxTotalText = 13_200;

/**
 * Everything Slack would complain about in a list of blocks, each with a JSON pointer below `pointer`.
 * Empty means that Slack takes them.
 */
export function validateBlocks(blocks: Json, surface: Surface, pointer = "/blocks"): readonly BlockIssue[] {
  const issues: BlockIssue[] = [];
  const { kinds, max } = surfaces[surface];
  list(byType(kinds), max, 0)(blocks, pointer, issues);
  if (issues.length > 0) return issues;
  uniqueBlockIds(asObjects(blocks), pointer, issues);
  uniqueActionIds(asObjects(blocks), pointer, issues);
  oneFocus(asObjects(blocks), pointer, issues);
  return issues;
}

/** All words of the blocks together, counted as Slack counts them: the `text` of every object within. */
export function totalText(value: Json | undefined): number {
  if (Array.isArray(value)) return asList(value).reduce<number>((sum, each) => sum + totalText(each), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [name, part]) =>
      sum + (name === "text" && typeof part === "string" ? part.length : totalText(part)),
    0,
  );
}

/** The interactive elements of one block. */
export function elementsOf(block: JsonObject): readonly JsonObject[] {
  if (block["type"] === "actions") return asObjects(block["elements"]);
  const one = block["type"] === "input" ? block["element"] : block["accessory"];
  return isObject(one) && one["type"] !== "image" ? [one] : [];
}

/** What Slack adds when it stores blocks: the ids that the sender left out. */
export function withGeneratedIds(blocks: readonly JsonObject[]): readonly JsonObject[] {
  return blocks.map((block) => {
    const base: JsonObject = { block_id: newBlockId(), ...block };
    if (block["type"] === "actions") return { ...base, elements: asObjects(block["elements"]).map(named) };
    if (block["type"] === "input") return { ...base, element: named(asObject(block["element"])) };
    const accessory = block["accessory"];
    return isObject(accessory) && accessory["type"] !== "image"
      ? { ...base, accessory: named(accessory) }
      : base;
  });
}

const named = (element: JsonObject): JsonObject => ({ action_id: newBlockId(), ...element });

function uniqueBlockIds(blocks: readonly JsonObject[], pointer: string, issues: BlockIssue[]): void {
  const seen = new Set<Json>();
  for (const [index, block] of blocks.entries()) {
    const id = block["block_id"];
    if (id === undefined) continue;
    if (seen.has(id))
      complain(issues, `${pointer}/${index}/block_id`, `block_id already exists: ${asText(id)}`);
    seen.add(id);
  }
}

function uniqueActionIds(blocks: readonly JsonObject[], pointer: string, issues: BlockIssue[]): void {
  for (const [index, block] of blocks.entries()) {
    const ids = elementsOf(block).flatMap((element) => element["action_id"] ?? []);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice !== undefined) {
      complain(issues, `${pointer}/${index}`, `action_id already exists in this block: ${asText(twice)}`);
    }
  }
}

function oneFocus(blocks: readonly JsonObject[], pointer: string, issues: BlockIssue[]): void {
  const focused = blocks.flatMap(elementsOf).filter((element) => element["focus_on_load"] === true);
  if (focused.length > 1) complain(issues, pointer, "only one element can have focus_on_load");
}

import { elementsOf } from "../blocks/validate-blocks.ts";
import { asText, isObject, type Json, type JsonObject } from "../json.ts";
import type { SlackMessage, SlackView } from "../records.ts";

/** All words a person reads on a message or a view, a line each: blocks when there are any, else the plain text. */
export function visibleText(shown: SlackMessage | SlackView): string {
  if (shown.blocks.length > 0) return wordsIn(shown.blocks).join("\n");
  return "text" in shown ? shown.text : "";
}

/** The action ids a person can use on a message or a view, in order. */
export function actionIdsOf(shown: SlackMessage | SlackView): readonly string[] {
  return shown.blocks.flatMap((block: JsonObject) =>
    elementsOf(block).map((element) => asText(element["action_id"])),
  );
}

function wordsIn(value: Json | undefined): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each: Json) => wordsIn(each));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, part]) => {
    // The question before a click is not on the screen yet.
    if (name === "confirm") return [];
    return (name === "text" || name === "alt_text") && typeof part === "string" ? [part] : wordsIn(part);
  });
}

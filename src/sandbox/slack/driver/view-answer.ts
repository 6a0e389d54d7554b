import type { Outcome } from "../delivery/outcome.ts";
import { asText, isObject, type JsonObject } from "../json.ts";
import type { SlackView } from "../records.ts";
import { maxStackedViews } from "../views.ts";
import { checkedView } from "../web-api/view-methods.ts";
import { ApiRefusal } from "../web-api/method.ts";
import type { World } from "../world.ts";

/** What a person reads when the app's answer to a form makes no sense. */
const trouble = "We had some trouble connecting. Try again?";

type Answer = { readonly error?: string; readonly fieldErrors?: Readonly<Record<string, string>> };

/** Does what the acknowledgement of a `view_submission` asks for: nothing more than closing, errors, another view. */
export function applyViewAnswer(world: World, view: SlackView, outcome: Outcome): Answer {
  if (outcome.kind !== "acked") return { error: trouble };
  const body = isObject(outcome.body) ? outcome.body : {};
  // The app may have changed or closed the view before it answered.
  const current = world.views.find(view.id);
  try {
    return answerWith(world, current, body);
  } catch (error) {
    if (error instanceof ApiRefusal)
      return { error: `${trouble} (${error.code} ${JSON.stringify(error.details)})` };
    throw error;
  }
}

function answerWith(world: World, view: SlackView | undefined, body: JsonObject): Answer {
  if (view === undefined) return {};
  switch (body["response_action"]) {
    case undefined:
      world.views.close(view);
      return {};
    case "clear":
      world.views.clear(view.user);
      return {};
    case "errors":
      return fieldErrors(view, body["errors"]);
    case "update":
      world.views.update(view, checkedView(world, body["view"] ?? null, "modal", view.id));
      return {};
    case "push":
      if (world.views.stackOf(view.user).length >= maxStackedViews)
        throw new ApiRefusal("push_limit_reached");
      world.views.push(view.user, checkedView(world, body["view"] ?? null, "modal"));
      return {};
    default:
      return { error: trouble };
  }
}

/** Errors belong to input blocks of the view; Slack shows none of them when one does not. */
function fieldErrors(view: SlackView, errors: unknown): Answer {
  const inputs = new Set(
    view.blocks.filter((block) => block["type"] === "input").map((block) => asText(block["block_id"])),
  );
  if (!isObject(errors) || Object.keys(errors).length === 0) return { error: trouble };
  const stranger = Object.keys(errors).find((id) => !inputs.has(id));
  if (stranger !== undefined)
    return { error: `${trouble} (errors name ${stranger}, which is no input block)` };
  return {
    fieldErrors: Object.fromEntries(Object.entries(errors).map(([id, words]) => [id, asText(words)])),
  };
}

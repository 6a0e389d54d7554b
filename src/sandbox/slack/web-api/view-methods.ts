import { formatIssue } from "../blocks/shape.ts";
import { withGeneratedIds } from "../blocks/validate-blocks.ts";
import { maxViewBytes, validateView } from "../blocks/validate-view.ts";
import { asObject, asObjects, type Json, type JsonObject } from "../json.ts";
import type { SlackView } from "../records.ts";
import { toWireView } from "../wire.ts";
import { initialValues } from "../driver/view-state.ts";
import { maxStackedViews } from "../views.ts";
import type { World } from "../world.ts";
import {
  ApiRefusal,
  jsonArg,
  method,
  optionalText,
  requiredText,
  type ApiCall,
  type ApiMethod,
} from "./method.ts";

const open = method([], (call) => {
  const definition = readView(call, "modal");
  const user = exchangeTrigger(call);
  return shown(call.world, call.world.views.open(user, definition));
});

const push = method([], (call) => {
  const definition = readView(call, "modal");
  const user = exchangeTrigger(call);
  if (call.world.views.stackOf(user).length >= maxStackedViews) throw new ApiRefusal("push_limit_reached");
  return shown(call.world, call.world.views.push(user, definition));
});

const update = method([], (call) => {
  const { world, args } = call;
  const id = optionalText(args, "view_id");
  const external = optionalText(args, "external_id");
  const current = id === undefined ? world.views.findExternal(external ?? "") : world.views.find(id);
  if (current === undefined) throw new ApiRefusal("not_found");
  const definition = readView(call, current.type, current.id);
  checkHash(call, current);
  return shown(world, world.views.update(current, definition));
});

const publish = method([], (call) => {
  const { world, args } = call;
  const user = world.directory.users.get(requiredText(args, "user_id"));
  if (user === undefined) throw new ApiRefusal("user_not_found");
  const definition = readView(call, "home");
  checkHash(call, world.views.home(user.id));
  return shown(world, world.views.publishHome(user.id, definition));
});

export const viewMethods: Readonly<Record<string, ApiMethod>> = {
  "views.open": open,
  "views.push": push,
  "views.update": update,
  "views.publish": publish,
};

/**
 * Checks a view as Slack does and adds the ids that were left out.
 * Throws `ApiRefusal` `invalid_arguments` (with pointers), `view_too_large` or `duplicate_external_id`.
 */
export function checkedView(
  world: World,
  view: Json,
  wanted: "modal" | "home",
  updates?: string,
): JsonObject {
  if (Buffer.byteLength(JSON.stringify(view)) > maxViewBytes) throw new ApiRefusal("view_too_large");
  const issues = validateView(view, wanted);
  if (issues.length > 0) {
    throw new ApiRefusal("invalid_arguments", { response_metadata: { messages: issues.map(formatIssue) } });
  }
  const definition = asObject(view);
  const external = definition["external_id"];
  const other =
    typeof external === "string" && external !== "" ? world.views.findExternal(external) : undefined;
  if (other !== undefined && other.id !== updates) throw new ApiRefusal("duplicate_external_id");
  return { ...definition, blocks: withGeneratedIds(asObjects(definition["blocks"])) };
}

function readView(call: ApiCall, wanted: "modal" | "home", updates?: string): JsonObject {
  const view = jsonArg(call.args, "view", "invalid_arguments");
  if (view === undefined) {
    throw new ApiRefusal("invalid_arguments", {
      response_metadata: { messages: ["[ERROR] missing required field: view"] },
    });
  }
  return checkedView(call.world, view, wanted, updates);
}

function exchangeTrigger({ world, args }: ApiCall): string {
  const exchanged = world.triggers.exchange(requiredText(args, "trigger_id"));
  if ("refusal" in exchanged) throw new ApiRefusal(exchanged.refusal);
  return exchanged.user;
}

function checkHash({ args }: ApiCall, current: SlackView | undefined): void {
  const hash = optionalText(args, "hash");
  if (hash !== undefined && current !== undefined && hash !== current.hash)
    throw new ApiRefusal("hash_conflict");
}

function shown(world: World, view: SlackView): JsonObject {
  return { view: toWireView(world, view, initialValues(view.blocks)) };
}

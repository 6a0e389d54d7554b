import type { ChangeLog } from "./changes.ts";
import { newId, newToken } from "./ids.ts";
import { asObject, asObjects, asText, type JsonObject } from "./json.ts";
import type { SlackView } from "./records.ts";

/** Slack refuses a fourth view on top of the others. */
export const maxStackedViews = 3;

/** What each person has open: one stack of modals, and the published home tab. A view belongs to one person. */
export function createViewStore(changes: ChangeLog) {
  const stacks = new Map<string, SlackView[]>();
  const homes = new Map<string, SlackView>();

  const stackOf = (user: string): readonly SlackView[] => stacks.get(user) ?? [];
  const all = () => [...stacks.values()].flat().concat([...homes.values()]);

  const open = (user: string, definition: JsonObject): SlackView => {
    const id = newId("V");
    const view = toView(definition, { id, user, rootViewId: id });
    stacks.set(user, [view]);
    changes.record({ kind: "view_opened", view });
    return view;
  };

  const push = (user: string, definition: JsonObject): SlackView => {
    const stack = stackOf(user);
    const top = stack.at(-1);
    if (top === undefined) return open(user, definition);
    const view = toView(definition, {
      id: newId("V"),
      user,
      rootViewId: top.rootViewId,
      previousViewId: top.id,
    });
    stacks.set(user, [...stack, view]);
    changes.record({ kind: "view_pushed", view });
    return view;
  };

  const update = (current: SlackView, definition: JsonObject): SlackView => {
    const { id, user, rootViewId, previousViewId } = current;
    const view = toView(definition, {
      id,
      user,
      rootViewId,
      ...(previousViewId === undefined ? {} : { previousViewId }),
    });
    if (view.type === "home") homes.set(user, view);
    else
      stacks.set(
        user,
        stackOf(user).map((each) => (each.id === id ? view : each)),
      );
    changes.record({ kind: view.type === "home" ? "home_published" : "view_updated", view });
    return view;
  };

  /** Takes the view, and everything above it, off the stack. */
  const close = (view: SlackView): void => {
    const stack = stackOf(view.user);
    const from = stack.findIndex((each) => each.id === view.id);
    if (from === -1) return;
    stacks.set(view.user, stack.slice(0, from));
    for (const closed of stack.slice(from).toReversed())
      changes.record({ kind: "view_closed", view: closed });
  };

  const clear = (user: string): void => {
    const root = stackOf(user)[0];
    if (root) close(root);
  };

  const publishHome = (user: string, definition: JsonObject): SlackView => {
    const id = homes.get(user)?.id ?? newId("V");
    const view = toView(definition, { id, user, rootViewId: id });
    homes.set(user, view);
    changes.record({ kind: "home_published", view });
    return view;
  };

  return {
    open,
    push,
    update,
    close,
    clear,
    publishHome,
    stackOf,
    top: (user: string) => stackOf(user).at(-1),
    home: (user: string) => homes.get(user),
    find: (id: string) => all().find((view) => view.id === id),
    findExternal: (id: string) => all().find((view) => view.externalId !== "" && view.externalId === id),
  };
}

function toView(
  definition: JsonObject,
  place: Pick<SlackView, "id" | "user" | "rootViewId"> & { readonly previousViewId?: string },
): SlackView {
  const part = (name: "title" | "submit" | "close") =>
    definition[name] === undefined || definition[name] === null ? {} : { [name]: asObject(definition[name]) };
  return {
    ...place,
    type: definition["type"] === "home" ? "home" : "modal",
    hash: `${Date.now()}.${newToken(4)}`,
    callbackId: asText(definition["callback_id"]),
    externalId: asText(definition["external_id"]),
    privateMetadata: asText(definition["private_metadata"]),
    clearOnClose: definition["clear_on_close"] === true,
    notifyOnClose: definition["notify_on_close"] === true,
    ...part("title"),
    ...part("submit"),
    ...part("close"),
    blocks: asObjects(definition["blocks"]),
  };
}

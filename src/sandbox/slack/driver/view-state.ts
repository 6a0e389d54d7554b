import { offeredOptions, wordsOf } from "../blocks/composition.ts";
import { elementsOf } from "../blocks/validate-blocks.ts";
import { asObject, asText, type Json, type JsonObject } from "../json.ts";

/**
 * What a person entered into one element: text; the value of an option; several of them; epoch seconds for a
 * datetimepicker; `null` for nothing.
 */
export type Entry = string | number | readonly string[] | null;

/** Entries by `block_id/action_id`, by block id or by action id, whichever is plain enough. */
export type Entries = Readonly<Record<string, Entry>>;

/** Where each kind of element keeps its value in `state.values`, and where it starts from. */
const slots: Readonly<
  Record<string, { readonly key: string; readonly initial: string; readonly many?: boolean }>
> = {
  plain_text_input: { key: "value", initial: "initial_value" },
  number_input: { key: "value", initial: "initial_value" },
  email_text_input: { key: "value", initial: "initial_value" },
  url_text_input: { key: "value", initial: "initial_value" },
  rich_text_input: { key: "rich_text_value", initial: "initial_value" },
  datepicker: { key: "selected_date", initial: "initial_date" },
  timepicker: { key: "selected_time", initial: "initial_time" },
  datetimepicker: { key: "selected_date_time", initial: "initial_date_time" },
  static_select: { key: "selected_option", initial: "initial_option" },
  external_select: { key: "selected_option", initial: "initial_option" },
  radio_buttons: { key: "selected_option", initial: "initial_option" },
  users_select: { key: "selected_user", initial: "initial_user" },
  conversations_select: { key: "selected_conversation", initial: "initial_conversation" },
  channels_select: { key: "selected_channel", initial: "initial_channel" },
  checkboxes: { key: "selected_options", initial: "initial_options", many: true },
  multi_static_select: { key: "selected_options", initial: "initial_options", many: true },
  multi_external_select: { key: "selected_options", initial: "initial_options", many: true },
  multi_users_select: { key: "selected_users", initial: "initial_users", many: true },
  multi_conversations_select: { key: "selected_conversations", initial: "initial_conversations", many: true },
  multi_channels_select: { key: "selected_channels", initial: "initial_channels", many: true },
};

/** `state.values` before anybody touched anything: every element is there, empty ones as `null`. */
export function initialValues(blocks: readonly JsonObject[]): JsonObject {
  return valuesOf(blocks, () => undefined);
}

/** `state.values` with what a person entered. Throws for an entry that no element of the view can hold. */
export function enteredValues(blocks: readonly JsonObject[], entries: Entries): JsonObject {
  const left = new Set(Object.keys(entries));
  const values = valuesOf(blocks, (block, element) => {
    const ids = [asText(block["block_id"]), asText(element["action_id"])];
    const name = [ids.join("/"), ...ids].find((id) => Object.hasOwn(entries, id));
    if (name === undefined) return undefined;
    left.delete(name);
    return entries[name];
  });
  if (left.size > 0) {
    const known = fields(blocks).map(
      ({ block, element }) => `${asText(block["block_id"])}/${asText(element["action_id"])}`,
    );
    throw new Error(
      `nothing to enter ${[...left].join(", ")} into; there is: ${known.join(", ") || "no input"}`,
    );
  }
  return values;
}

/** The value object of one element, as it stands in `state.values` and in an action. */
export function valueOf(element: JsonObject, entry: Entry | undefined): JsonObject {
  const type = asText(element["type"]);
  const slot = slots[type];
  if (slot === undefined) return { type };
  if (entry === undefined) return { type, [slot.key]: element[slot.initial] ?? (slot.many ? [] : null) };
  if (entry === null || entry === "") return { type, [slot.key]: slot.many ? [] : null };
  if (slot.key === "selected_option") return { type, selected_option: pick(element, entry) };
  if (slot.key === "selected_options")
    return { type, selected_options: [entry].flat().map((each) => pick(element, each)) };
  if (slot.many) return { type, [slot.key]: [entry].flat() };
  if (type === "datetimepicker") return { type, selected_date_time: Number(entry) };
  return { type, [slot.key]: entry };
}

/** What the Slack client itself says before it sends a form: by block id; empty when the form may go. */
export function formComplaints(
  blocks: readonly JsonObject[],
  values: JsonObject,
): Readonly<Record<string, string>> {
  const complaints: Record<string, string> = {};
  for (const { block, element } of fields(blocks)) {
    if (block["type"] !== "input") continue;
    const id = asText(block["block_id"]);
    const held = asObject(asObject(values[id])[asText(element["action_id"])]);
    const complaint = complainAbout(block, element, held[slots[asText(element["type"])]?.key ?? ""]);
    if (complaint !== undefined) complaints[id] = complaint;
  }
  return complaints;
}

function complainAbout(block: JsonObject, element: JsonObject, value: Json | undefined): string | undefined {
  const isEmpty = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  if (isEmpty) return block["optional"] === true ? undefined : "Please complete this required field.";
  if (typeof value !== "string") return undefined;
  const min = element["min_length"];
  const max = element["max_length"] ?? 3000;
  if (typeof min === "number" && value.length < min) return `Must be at least ${min} characters.`;
  if (typeof max === "number" && value.length > max) return `Must be less than ${max + 1} characters.`;
  return undefined;
}

function fields(blocks: readonly JsonObject[]) {
  return blocks.flatMap((block) =>
    elementsOf(block).flatMap((element) =>
      slots[asText(element["type"])] === undefined ? [] : [{ block, element }],
    ),
  );
}

function valuesOf(
  blocks: readonly JsonObject[],
  entryFor: (block: JsonObject, element: JsonObject) => Entry | undefined,
): JsonObject {
  const values: Record<string, Record<string, JsonObject>> = {};
  for (const { block, element } of fields(blocks)) {
    const group = (values[asText(block["block_id"])] ??= {});
    group[asText(element["action_id"])] = valueOf(element, entryFor(block, element));
  }
  return values;
}

/** The option with this value; throws where the menu does not offer it, because nobody could pick it. */
export function pick(element: JsonObject, value: Entry): JsonObject {
  const offered = offeredOptions(element);
  const option = offered.find((each) => each["value"] === value);
  if (option !== undefined) return option;
  if (asText(element["type"]).includes("external")) {
    return { text: { type: "plain_text", text: String(value) }, value: String(value) };
  }
  const names = offered.map((each) => `${asText(each["value"])} (${wordsOf(each["text"])})`).join(", ");
  throw new Error(`${asText(element["action_id"])} offers no option ${String(value)}; it offers: ${names}`);
}

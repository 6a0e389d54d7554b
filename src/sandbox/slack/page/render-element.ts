import { offeredOptions, wordsOf } from "../blocks/composition.ts";
import { asList, asObject, asObjects, asText, isObject, type Json, type JsonObject } from "../json.ts";
import type { SlackSandbox } from "../slack-sandbox.ts";
import { html, nothing, type Html } from "./html.ts";
import { namesIn } from "./names.ts";
import { renderMrkdwn, renderPlain } from "./render-mrkdwn.ts";

/** What an element needs besides itself: where it stands, and a prefix that makes its DOM ids unique. */
export type Place = {
  readonly slack: SlackSandbox;
  readonly idPrefix: string;
  readonly block: JsonObject;
  /** Set for an input block: the id of what labels it, and of what describes it. */
  readonly labelledBy?: string;
  readonly describedBy?: string;
  /** Using it is told to the app at once. */
  readonly dispatches: boolean;
};

/** An interactive element as the native control that does the same. The script reads the `data-` attributes. */
export function renderElement(element: JsonObject, place: Place): Html {
  const type = asText(element["type"]);
  if (type === "button") return renderButton(element, place);
  if (type === "overflow") return renderOverflow(element, place);
  if (type === "checkboxes" || type === "radio_buttons") return renderBoxes(element, place);
  if (type === "plain_text_input" && element["multiline"] === true) return renderTextarea(element, place);
  if (type.endsWith("_select")) return renderSelect(element, place);
  return renderInput(element, place);
}

export function controlId(element: JsonObject, place: Place): string {
  return `${place.idPrefix}-${asText(place.block["block_id"])}-${asText(element["action_id"])}`.replace(
    /\s/g,
    "_",
  );
}

/** What every control carries: which element it is, the question it asks first, and how it is named. */
function common(element: JsonObject, place: Place): Html {
  const placeholder = wordsOf(element["placeholder"]);
  const label =
    place.labelledBy === undefined
      ? placeholder || asText(element["action_id"]).replaceAll("_", " ")
      : undefined;
  return html`id="${controlId(element, place)}" data-block="${asText(place.block["block_id"])}"
  data-action="${asText(element["action_id"])}" data-type="${asText(element["type"])}"
  ${place.dispatches && html`data-dispatches`}
  ${isObject(element["confirm"]) && html`data-confirm="${confirmData(element["confirm"])}"`}
  ${label !== undefined && html`aria-label="${label}"`}
  ${place.describedBy !== undefined && html`aria-describedby="${place.describedBy}"`}`;
}

function confirmData(confirm: JsonObject): string {
  const words = (name: string) => wordsOf(confirm[name]);
  return JSON.stringify({
    title: words("title"),
    text: words("text"),
    confirm: words("confirm"),
    deny: words("deny"),
    danger: confirm["style"] === "danger",
  });
}

function renderButton(element: JsonObject, place: Place): Html {
  const label = asText(element["accessibility_label"]);
  return html`<button
    type="button"
    class="button ${asText(element["style"])}"
    data-block="${asText(place.block["block_id"])}"
    data-action="${asText(element["action_id"])}"
    data-type="button"
    data-dispatches
    ${isObject(element["confirm"]) && html`data-confirm="${confirmData(element["confirm"])}"`}
    ${label !== "" && html`aria-label="${label}"`}
    ${asText(element["url"]) !== "" && html`data-url="${asText(element["url"])}"`}
  >
    ${renderPlain(wordsOf(element["text"]))}
  </button>`;
}

function renderOverflow(element: JsonObject, place: Place): Html {
  const options = offeredOptions(element).map(
    (option) => html`<option value="${asText(option["value"])}">${wordsOf(option["text"])}</option>`,
  );
  return html`<select
    class="overflow"
    ${common(element, { ...place, dispatches: true })}
    title="More actions"
  >
    <option value="">⋯</option>
    ${options}
  </select>`;
}

function renderBoxes(element: JsonObject, place: Place): Html {
  const kind = element["type"] === "checkboxes" ? "checkbox" : "radio";
  const initial = [element["initial_option"], ...asList(element["initial_options"])].map(
    (option) => asObject(option)["value"],
  );
  const id = controlId(element, place);
  const boxes = offeredOptions(element).map((option, at) => {
    const description = wordsOf(option["description"]);
    return html`<label class="box"
      ><input
        type="${kind}"
        name="${id}"
        value="${asText(option["value"])}"
        ${initial.includes(option["value"]) && html`checked`}
        ${place.describedBy !== undefined && at === 0 && html`aria-describedby="${place.describedBy}"`}
      />
      <span
        >${words(option["text"], place)}${description !== "" && html`<small>${description}</small>`}</span
      ></label
    >`;
  });
  return html`<div
    class="boxes"
    role="${kind === "radio" ? "radiogroup" : "group"}"
    ${place.labelledBy !== undefined && html`aria-labelledby="${place.labelledBy}"`}
    ${common(element, place)}
  >
    ${boxes}
  </div>`;
}

function renderTextarea(element: JsonObject, place: Place): Html {
  return html`<textarea
    rows="4"
    ${common(element, place)}
    ${limits(element)}
    placeholder="${wordsOf(element["placeholder"])}"
  >
${asText(element["initial_value"])}</textarea>`;
}

function renderSelect(element: JsonObject, place: Place): Html {
  const isMany = asText(element["type"]).startsWith("multi_");
  const initial = initialOf(element);
  const render = ({ value, label }: Choice) =>
    html`<option value="${value}" ${initial.includes(value) && html`selected`}>${label}</option>`;
  const groups = asObjects(element["option_groups"]).map(
    (group) =>
      html`<optgroup label="${wordsOf(group["label"])}">
        ${asObjects(group["options"]).map((each) => render(choiceOf(each)))}
      </optgroup>`,
  );
  const placeholder = wordsOf(element["placeholder"]) || "Choose…";
  return html`<select ${common(element, place)} ${isMany && html`multiple size="4"`}>
    ${isMany ? nothing : html`<option value="">${placeholder}</option>`}
    ${groups.length > 0 ? groups : choicesOf(element, place.slack).map(render)}
  </select>`;
}

type Choice = { readonly value: string; readonly label: string };

function choiceOf(option: JsonObject): Choice {
  return { value: asText(option["value"]), label: wordsOf(option["text"]) };
}

function choicesOf(element: JsonObject, { workspace }: SlackSandbox): readonly Choice[] {
  const type = asText(element["type"]);
  if (type.includes("users")) {
    const people = [...workspace.users.values()].filter((user) => !user.deleted && !user.isBot);
    return people.map((user) => ({ value: user.id, label: user.realName }));
  }
  if (type.includes("channels") || type.includes("conversations")) {
    const channels = [...workspace.channels.values()].filter((channel) => channel.kind !== "im");
    return channels.map((channel) => ({ value: channel.id, label: `#${channel.name}` }));
  }
  return offeredOptions(element).map(choiceOf);
}

function initialOf(element: JsonObject): readonly Json[] {
  const one = ["initial_user", "initial_channel", "initial_conversation"].flatMap(
    (name) => element[name] ?? [],
  );
  const many = ["initial_users", "initial_channels", "initial_conversations"].flatMap((name) =>
    asList(element[name]),
  );
  const options = [element["initial_option"], ...asList(element["initial_options"])];
  return [...one, ...many, ...options.flatMap((option) => asObject(option)["value"] ?? [])];
}

const inputTypes: Readonly<Record<string, { readonly type: string; readonly initial: string }>> = {
  plain_text_input: { type: "text", initial: "initial_value" },
  number_input: { type: "number", initial: "initial_value" },
  email_text_input: { type: "email", initial: "initial_value" },
  url_text_input: { type: "url", initial: "initial_value" },
  datepicker: { type: "date", initial: "initial_date" },
  timepicker: { type: "time", initial: "initial_time" },
};

function renderInput(element: JsonObject, place: Place): Html {
  // The browser knows the person's time zone; the script fills the local time in from the epoch.
  if (element["type"] === "datetimepicker") {
    const epochS = element["initial_date_time"];
    return html`<input
      type="datetime-local"
      step="1"
      ${common(element, place)}
      ${typeof epochS === "number" && html`data-epoch="${epochS}"`}
    />`;
  }
  const { type, initial } = inputTypes[asText(element["type"])] ?? { type: "text", initial: "initial_value" };
  return html`<input
    type="${type}"
    ${common(element, place)}
    ${limits(element)}
    value="${asText(element[initial])}"
    ${element["is_decimal_allowed"] === true && html`step="any"`}
    placeholder="${wordsOf(element["placeholder"])}"
  />`;
}

function limits(element: JsonObject): Html {
  const max = element["max_length"];
  return typeof max === "number" ? html`maxlength="${max}"` : nothing;
}

/** A text object as markup, by its kind. */
export function words(value: Json | undefined, { slack }: Pick<Place, "slack">): Html {
  const text = asObject(value);
  if (text["type"] === "mrkdwn") return renderMrkdwn(asText(text["text"]), namesIn(slack));
  return renderPlain(asText(text["text"]));
}

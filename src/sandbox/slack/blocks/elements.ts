import {
  choices,
  confirm,
  needsOneImageSource,
  needsOptions,
  plainText,
  slackFile,
  startsAmongOptions,
} from "./composition.ts";
import {
  anything,
  complain,
  flag,
  integer,
  list,
  object,
  oneOf,
  pattern,
  text,
  url,
  type BlockIssue,
  type Check,
  type Fields,
} from "./shape.ts";
import type { JsonObject } from "../json.ts";

type Extra = (value: JsonObject, pointer: string, issues: BlockIssue[]) => void;

function element(type: string, required: Fields, optional: Fields, extra?: Extra): Check {
  return object({ type: oneOf(type), ...required }, { action_id: text(255), ...optional }, extra);
}

const placeholder = plainText(150);
const focus_on_load = flag;
const id = text(255);
const picker = { confirm, focus_on_load, placeholder };
const dispatching = {
  focus_on_load,
  placeholder,
  dispatch_action_config: object(
    {},
    { trigger_actions_on: list(oneOf("on_enter_pressed", "on_character_entered"), 2) },
  ),
};

const button = element(
  "button",
  { text: plainText(75) },
  { value: text(2000), url, style: oneOf("primary", "danger"), confirm, accessibility_label: text(75) },
);

/** One thing, many things: the two forms of every menu. */
const single: Fields = {
  static_select: element(
    "static_select",
    {},
    { ...picker, options: choices.options(100), option_groups: choices.groups, initial_option: anything },
    needsOptions,
  ),
  external_select: element(
    "external_select",
    {},
    { ...picker, initial_option: anything, min_query_length: integer(0, 100) },
  ),
  users_select: element("users_select", {}, { ...picker, initial_user: id }),
  conversations_select: element(
    "conversations_select",
    {},
    {
      ...picker,
      initial_conversation: id,
      default_to_current_conversation: flag,
      response_url_enabled: flag,
      filter: anything,
    },
  ),
  channels_select: element(
    "channels_select",
    {},
    { ...picker, initial_channel: id, response_url_enabled: flag },
  ),
};

const max_selected_items = integer(1, 100);
const ids = list(id, 100, 0);
const multiple: Fields = {
  multi_static_select: element(
    "multi_static_select",
    {},
    {
      ...picker,
      max_selected_items,
      options: choices.options(100),
      option_groups: choices.groups,
      initial_options: anything,
    },
    needsOptions,
  ),
  multi_external_select: element(
    "multi_external_select",
    {},
    { ...picker, max_selected_items, initial_options: anything, min_query_length: integer(0, 100) },
  ),
  multi_users_select: element(
    "multi_users_select",
    {},
    { ...picker, max_selected_items, initial_users: ids },
  ),
  multi_conversations_select: element(
    "multi_conversations_select",
    {},
    {
      ...picker,
      max_selected_items,
      initial_conversations: ids,
      default_to_current_conversation: flag,
      filter: anything,
    },
  ),
  multi_channels_select: element(
    "multi_channels_select",
    {},
    { ...picker, max_selected_items, initial_channels: ids },
  ),
};

const boxes: Fields = {
  checkboxes: element(
    "checkboxes",
    { options: choices.options(10, "mrkdwn") },
    { confirm, focus_on_load, initial_options: anything },
    startsAmongOptions,
  ),
  radio_buttons: element(
    "radio_buttons",
    { options: choices.options(10, "mrkdwn") },
    { confirm, focus_on_load, initial_option: anything },
    startsAmongOptions,
  ),
};

const days: Fields = {
  datepicker: element(
    "datepicker",
    {},
    { ...picker, initial_date: pattern(/^\d{4}-\d{2}-\d{2}$/, "a date as YYYY-MM-DD") },
  ),
  timepicker: element(
    "timepicker",
    {},
    { ...picker, initial_time: pattern(/^([01]\d|2[0-3]):[0-5]\d$/, "a time as HH:mm"), timezone: text(64) },
  ),
};

const times: Fields = {
  ...days,
  datetimepicker: element(
    "datetimepicker",
    {},
    { confirm, focus_on_load, initial_date_time: integer(1_000_000_000, 9_999_999_999) },
  ),
};

const typed: Fields = {
  plain_text_input: element(
    "plain_text_input",
    {},
    {
      ...dispatching,
      initial_value: text(3000, 0),
      multiline: flag,
      min_length: integer(0, 3000),
      max_length: integer(1, 3000),
    },
    (value, pointer, issues) => {
      const { min_length: min, max_length: max } = value;
      if (typeof min === "number" && typeof max === "number" && min > max) {
        complain(issues, `${pointer}/min_length`, "must be less than or equal to max_length");
      }
    },
  ),
  number_input: element(
    "number_input",
    { is_decimal_allowed: flag },
    { ...dispatching, initial_value: text(255), min_value: text(255), max_value: text(255) },
  ),
  email_text_input: element("email_text_input", {}, { ...dispatching, initial_value: text(255) }),
  url_text_input: element("url_text_input", {}, { ...dispatching, initial_value: text(3000) }),
  rich_text_input: element("rich_text_input", {}, { ...dispatching, initial_value: anything }),
  file_input: element("file_input", {}, { filetypes: list(text(20), 100), max_files: integer(1, 10) }),
};

const overflow = element("overflow", { options: choices.options(5) }, { confirm });

/** In an image the description for people who cannot see it is required. */
export const image: Check = object(
  { type: oneOf("image"), alt_text: text(2000) },
  { image_url: url, slack_file: slackFile },
  needsOneImageSource,
);

export const actionsElements: Fields = { ...single, ...multiple, ...boxes, ...times, button, overflow };
export const accessoryElements: Fields = {
  ...single,
  ...multiple,
  ...boxes,
  ...days,
  button,
  overflow,
  image,
};
export const inputElements: Fields = { ...single, ...multiple, ...boxes, ...times, ...typed };

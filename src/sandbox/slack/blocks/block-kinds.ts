import { anyText, needsOneImageSource, plainText, slackFile } from "./composition.ts";
import { accessoryElements, actionsElements, image, inputElements } from "./elements.ts";
import { richText } from "./rich-text.ts";
import {
  byType,
  complain,
  flag,
  list,
  object,
  oneOf,
  text,
  url,
  anything,
  type BlockIssue,
  type Check,
  type Fields,
} from "./shape.ts";
import type { JsonObject } from "../json.ts";

type Extra = (value: JsonObject, pointer: string, issues: BlockIssue[]) => void;

function block(type: string, required: Fields, optional: Fields = {}, extra?: Extra): Check {
  return object({ type: oneOf(type), ...required }, { block_id: text(255), ...optional }, extra);
}

const tableCell = byType({
  raw_text: object({ type: anything, text: text(3000) }),
  raw_number: object({ type: anything, value: anything }, { text: text(3000) }),
  rich_text: richText,
});

const markdown: Check = block("markdown", { text: text(12_000) });

const everywhere: Fields = {
  header: block("header", { text: plainText(150) }, { level: anything }),
  section: block(
    "section",
    {},
    {
      text: anyText(3000),
      fields: list(anyText(2000), 10),
      accessory: byType(accessoryElements),
      expand: flag,
    },
    (value, pointer, issues) => {
      if (value["text"] === undefined && value["fields"] === undefined) {
        complain(issues, pointer, "missing required field: text or fields");
      }
    },
  ),
  context: block("context", {
    elements: list(byType({ image, plain_text: anyText(3000), mrkdwn: anyText(3000) }), 10),
  }),
  actions: block("actions", { elements: list(byType(actionsElements), 25) }),
  divider: block("divider", {}),
  image: block(
    "image",
    { alt_text: text(2000) },
    { image_url: url, slack_file: slackFile, title: plainText(2000) },
    needsOneImageSource,
  ),
  input: block(
    "input",
    { label: plainText(2000), element: byType(inputElements) },
    { hint: plainText(2000), optional: flag, dispatch_action: flag },
  ),
  rich_text: richText,
};

const messageOnly: Fields = {
  markdown,
  table: block(
    "table",
    { rows: list(list(tableCell, 20), 100) },
    {
      column_settings: list(object({}, { align: oneOf("left", "center", "right"), is_wrapped: flag }), 20, 0),
    },
  ),
};

const modalOnly: Fields = {
  alert: block(
    "alert",
    { text: anyText(3000) },
    { level: oneOf("default", "info", "warning", "error", "success") },
  ),
};

/** Which blocks each surface takes, and how many. Blocks beyond these are refused: the bot keeps to the core. */
export const surfaces = {
  message: { kinds: { ...everywhere, ...messageOnly }, max: 50 },
  modal: { kinds: { ...everywhere, ...modalOnly }, max: 100 },
  home: { kinds: everywhere, max: 100 },
} as const satisfies Record<string, { kinds: Fields; max: number }>;

export type Surface = keyof typeof surfaces;

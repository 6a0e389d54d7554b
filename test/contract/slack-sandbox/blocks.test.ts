import { describe, expect, it } from "vitest";
import { formatIssue } from "../../../src/sandbox/slack/blocks/shape.ts";
import { validateBlocks } from "../../../src/sandbox/slack/blocks/validate-blocks.ts";
import { validateView } from "../../../src/sandbox/slack/blocks/validate-view.ts";
import type { Json, JsonObject } from "../../../src/sandbox/slack/json.ts";
import { card, rationale } from "./bolt-app.ts";

const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value));
const plain = (text: string): JsonObject => ({ type: "plain_text", text });
const mrkdwn = (text: string): JsonObject => ({ type: "mrkdwn", text });
const section = (extra: JsonObject): JsonObject => ({ type: "section", text: mrkdwn("x"), ...extra });
const actions = (...elements: JsonObject[]): JsonObject => ({ type: "actions", elements });
const button = (extra: JsonObject = {}): JsonObject => ({
  type: "button",
  action_id: "a",
  text: plain("Go"),
  ...extra,
});
const option = (value: string): JsonObject => ({ text: plain(value), value });
const menu = (extra: JsonObject): JsonObject => ({ type: "static_select", action_id: "m", ...extra });
const input = (element: JsonObject): JsonObject => ({ type: "input", label: plain("L"), element });
const many = (count: number, make: (index: number) => JsonObject) =>
  Array.from({ length: count }, (_, at) => make(at));
const complaints = (blocks: Json, surface: "message" | "modal" | "home" = "message") =>
  validateBlocks(blocks, surface).map(formatIssue);

describe("blocks that Slack takes", () => {
  const good: Record<string, JsonObject[]> = {
    "the core kinds": [
      { type: "header", text: plain("x".repeat(150)) },
      section({ fields: many(10, () => mrkdwn("x".repeat(2000))) }),
      section({ text: mrkdwn("x".repeat(3000)), accessory: button({ value: "v".repeat(2000) }) }),
      {
        type: "context",
        elements: [
          mrkdwn("x"),
          plain("y"),
          { type: "image", alt_text: "a", image_url: "https://x.test/a.png" },
        ],
      },
      { type: "divider" },
      { type: "image", alt_text: "p95 latency", slack_file: { id: "F1" } },
      actions(...many(25, (at) => button({ action_id: `a${at}` }))),
    ],
    "every element": [
      actions(
        menu({ options: many(100, (at) => option(`o${at}`)), initial_option: option("o3") }),
        { type: "overflow", action_id: "o", options: many(5, (at) => option(`o${at}`)) },
        {
          type: "checkboxes",
          action_id: "c",
          options: [{ text: mrkdwn("*x*"), value: "1", description: mrkdwn("d") }],
        },
        { type: "radio_buttons", action_id: "r", options: [option("1")] },
        { type: "datepicker", action_id: "d", initial_date: "2026-11-21" },
        { type: "timepicker", action_id: "t", initial_time: "23:59" },
        { type: "datetimepicker", action_id: "dt", initial_date_time: 1_800_000_000 },
        { type: "users_select", action_id: "u" },
        { type: "multi_users_select", action_id: "mu", max_selected_items: 2 },
        {
          type: "multi_static_select",
          action_id: "ms",
          option_groups: [{ label: plain("g"), options: [option("1")] }],
        },
      ),
    ],
    "rich text and a table": [
      {
        type: "rich_text",
        elements: [
          { type: "rich_text_section", elements: [{ type: "text", text: "x", style: { bold: true } }] },
          {
            type: "rich_text_list",
            style: "bullet",
            elements: [{ type: "rich_text_section", elements: [{ type: "user", user_id: "U1" }] }],
          },
          { type: "rich_text_preformatted", elements: [{ type: "text", text: "code" }] },
        ],
      },
      {
        type: "table",
        rows: [
          [
            { type: "raw_text", text: "flag" },
            { type: "raw_number", value: 3 },
          ],
        ],
      },
    ],
  };
  it.each(Object.keys(good))("%s", (name) => expect(complaints(good[name] ?? [])).toEqual([]));
  it("the card and the modal of the tests", () => {
    expect(complaints(asJson(card))).toEqual([]);
    expect(validateView(asJson(rationale), "modal")).toEqual([]);
  });
});

describe("blocks that Slack refuses, with a pointer", () => {
  const confirm = { title: plain("t"), text: plain("x"), confirm: plain("yes"), deny: plain("no") };
  const bad: readonly (readonly [string, Json, string])[] = [
    [
      "51 blocks",
      many(51, () => ({ type: "divider" })),
      "no more than 50 items allowed [json-pointer:/blocks]",
    ],
    ["an unknown type", [{ type: "nonsense" }], "unsupported type: nonsense [json-pointer:/blocks/0/type]"],
    ["no type", [{}], "missing required field: type [json-pointer:/blocks/0]"],
    [
      "a prototype name as type",
      [{ type: "constructor" }],
      "unsupported type: constructor [json-pointer:/blocks/0/type]",
    ],
    [
      "a long header",
      [{ type: "header", text: plain("x".repeat(151)) }],
      "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "an mrkdwn header",
      [{ type: "header", text: mrkdwn("x") }],
      "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ],
    [
      "an empty text",
      [section({ text: mrkdwn("") })],
      "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "a long section",
      [section({ text: mrkdwn("x".repeat(3001)) })],
      "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "an empty section",
      [{ type: "section" }],
      "missing required field: text or fields [json-pointer:/blocks/0]",
    ],
    [
      "11 fields",
      [section({ fields: many(11, () => plain("x")) })],
      "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ],
    [
      "a long field",
      [section({ fields: [plain("x".repeat(2001))] })],
      "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ],
    [
      "11 context elements",
      [{ type: "context", elements: many(11, () => plain("x")) }],
      "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ],
    [
      "26 actions",
      [actions(...many(26, (at) => button({ action_id: `a${at}` })))],
      "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ],
    ["no actions", [actions()], "no less than 1 items allowed [json-pointer:/blocks/0/elements]"],
    [
      "the same action id twice",
      [actions(button(), button())],
      "action_id already exists in this block: a [json-pointer:/blocks/0]",
    ],
    [
      "the same block id twice",
      [
        { type: "divider", block_id: "b" },
        { type: "divider", block_id: "b" },
      ],
      "block_id already exists: b [json-pointer:/blocks/1/block_id]",
    ],
    [
      "a long block id",
      [{ type: "divider", block_id: "b".repeat(256) }],
      "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ],
    [
      "a long button",
      [actions(button({ text: plain("x".repeat(76)) }))],
      "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ],
    [
      "a long value",
      [actions(button({ value: "x".repeat(2001) }))],
      "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ],
    [
      "a style",
      [actions(button({ style: "default" }))],
      "failed to match any allowed value: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ],
    [
      "an extra property",
      [actions(button({ colour: "red" }))],
      "invalid additional property: colour [json-pointer:/blocks/0/elements/0]",
    ],
    [
      "a long confirmation",
      [actions(button({ confirm: { ...confirm, title: plain("x".repeat(101)) } }))],
      "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
    ],
    [
      "101 options",
      [actions(menu({ options: many(101, (at) => option(`o${at}`)) }))],
      "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ],
    [
      "a long option",
      [actions(menu({ options: [option("x".repeat(76))] }))],
      "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ],
    [
      "no options",
      [actions(menu({}))],
      "must have exactly one of: options, option_groups [json-pointer:/blocks/0/elements/0]",
    ],
    [
      "a start that is not offered",
      [actions(menu({ options: [option("a")], initial_option: option("b") }))],
      "must be one of the provided options [json-pointer:/blocks/0/elements/0/initial_option]",
    ],
    [
      "6 overflow options",
      [actions({ type: "overflow", options: many(6, (at) => option(`${at}`)) })],
      "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ],
    [
      "11 radio buttons",
      [actions({ type: "radio_buttons", options: many(11, (at) => option(`${at}`)) })],
      "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ],
    [
      "an image without alt text",
      [{ type: "image", image_url: "https://x.test/a.png" }],
      "missing required field: alt_text [json-pointer:/blocks/0]",
    ],
    [
      "an image without a source",
      [{ type: "image", alt_text: "a" }],
      "must have exactly one of: image_url, slack_file [json-pointer:/blocks/0]",
    ],
    [
      "a bad date",
      [actions({ type: "datepicker", initial_date: "21.11.2026" })],
      "must be a date as YYYY-MM-DD [json-pointer:/blocks/0/elements/0/initial_date]",
    ],
    [
      "milliseconds as a date-time",
      [actions({ type: "datetimepicker", initial_date_time: 1_800_000_000_000 })],
      "must be less than or equal to 9999999999 [json-pointer:/blocks/0/elements/0/initial_date_time]",
    ],
    [
      "a text input outside an input block",
      [actions({ type: "plain_text_input" })],
      "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ],
    [
      "a long text input",
      [input({ type: "plain_text_input", max_length: 3001 })],
      "must be less than or equal to 3000 [json-pointer:/blocks/0/element/max_length]",
    ],
    [
      "min above max",
      [input({ type: "plain_text_input", min_length: 9, max_length: 3 })],
      "must be less than or equal to max_length [json-pointer:/blocks/0/element/min_length]",
    ],
    [
      "a long placeholder",
      [input({ type: "plain_text_input", placeholder: plain("x".repeat(151)) })],
      "must be less than 151 characters [json-pointer:/blocks/0/element/placeholder/text]",
    ],
    [
      "a button in an input block",
      [input(button())],
      "unsupported type: button [json-pointer:/blocks/0/element/type]",
    ],
    [
      "an alert in a message",
      [{ type: "alert", text: plain("x") }],
      "unsupported type: alert [json-pointer:/blocks/0/type]",
    ],
    ["something else than a list", { type: "divider" }, "must be an array [json-pointer:/blocks]"],
  ];
  it.each(bad)("%s", (_, blocks, wanted) => expect(complaints(blocks)).toContain(`[ERROR] ${wanted}`));

  const view = { type: "modal", title: plain("T"), submit: plain("Go"), blocks: [{ type: "divider" }] };
  const badViews: readonly (readonly [string, JsonObject, string])[] = [
    [
      "a long title",
      { ...view, title: plain("x".repeat(25)) },
      "must be less than 25 characters [json-pointer:/view/title/text]",
    ],
    ["no title", { type: "modal", blocks: [] }, "missing required field: title [json-pointer:/view]"],
    [
      "long metadata",
      { ...view, private_metadata: "x".repeat(3001) },
      "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ],
    [
      "101 blocks",
      { ...view, blocks: many(101, () => ({ type: "divider" })) },
      "no more than 100 items allowed [json-pointer:/view/blocks]",
    ],
    [
      "inputs without submit",
      { type: "modal", title: plain("T"), blocks: [input({ type: "plain_text_input" })] },
      "`submit` is required when an `input` block is within the `blocks` array [json-pointer:/view/submit]",
    ],
    [
      "a home view in a modal's place",
      { type: "home", blocks: [] },
      "must be modal [json-pointer:/view/type]",
    ],
    [
      "two focused fields",
      { ...view, blocks: [1, 2].map(() => input({ type: "plain_text_input", focus_on_load: true })) },
      "only one element can have focus_on_load [json-pointer:/view/blocks]",
    ],
  ];
  it.each(badViews)("view: %s", (_, bad, wanted) =>
    expect(validateView(bad, "modal").map(formatIssue)).toContain(`[ERROR] ${wanted}`),
  );
});

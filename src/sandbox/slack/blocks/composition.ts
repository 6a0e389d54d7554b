import { isDeepStrictEqual } from "node:util";
import { asObject, asObjects, isObject, type JsonObject } from "../json.ts";
import {
  byType,
  complain,
  flag,
  list,
  object,
  oneOf,
  text,
  url,
  type BlockIssue,
  type Check,
} from "./shape.ts";

export function plainText(max: number): Check {
  return byType({ plain_text: object({ type: oneOf("plain_text"), text: text(max) }, { emoji: flag }) });
}

export function anyText(max: number): Check {
  return byType({
    plain_text: object({ type: oneOf("plain_text"), text: text(max) }, { emoji: flag }),
    mrkdwn: object({ type: oneOf("mrkdwn"), text: text(max) }, { verbatim: flag }),
  });
}

/** In menus option text is plain; only checkboxes, radio buttons take mrkdwn. */
function option(kind: "plain" | "mrkdwn" = "plain"): Check {
  const words = kind === "plain" ? plainText(75) : anyText(75);
  return object({ text: words, value: text(75) }, { description: words, url });
}

export const confirm: Check = object(
  { title: plainText(100), text: anyText(300), confirm: plainText(30), deny: plainText(30) },
  { style: oneOf("primary", "danger") },
);

export const slackFile: Check = object({}, { id: text(255), url }, (value, pointer, issues) => {
  if ((value["id"] === undefined) === (value["url"] === undefined)) {
    complain(issues, pointer, "must have exactly one of: id, url");
  }
});

export const needsOneImageSource = (value: JsonObject, pointer: string, issues: BlockIssue[]): void => {
  if ((value["image_url"] === undefined) === (value["slack_file"] === undefined)) {
    complain(issues, pointer, "must have exactly one of: image_url, slack_file");
  }
};

export const choices = {
  options: (max: number, kind: "plain" | "mrkdwn" = "plain") => list(option(kind), max),
  groups: list(object({ label: plainText(75), options: list(option(), 100) }), 100),
};

/** A menu has options or groups of options, and starts with one of them. */
export const needsOptions = (value: JsonObject, pointer: string, issues: BlockIssue[]): void => {
  if ((value["options"] === undefined) === (value["option_groups"] === undefined)) {
    complain(issues, pointer, "must have exactly one of: options, option_groups");
  }
  startsAmongOptions(value, pointer, issues);
};

export const startsAmongOptions = (value: JsonObject, pointer: string, issues: BlockIssue[]): void => {
  const offered = offeredOptions(value);
  const initial = value["initial_option"] === undefined ? [] : [value["initial_option"]];
  for (const chosen of [...initial, ...asObjects(value["initial_options"])]) {
    if (!offered.some((each) => isDeepStrictEqual(each, chosen))) {
      const name = value["initial_option"] === undefined ? "initial_options" : "initial_option";
      complain(issues, `${pointer}/${name}`, "must be one of the provided options");
    }
  }
};

/** All options of a menu, whether grouped or not. */
export function offeredOptions(element: JsonObject): readonly JsonObject[] {
  const grouped = asObjects(element["option_groups"]).flatMap((group) => asObjects(group["options"]));
  return [...asObjects(element["options"]), ...grouped];
}

/** The words of a text object; empty when there is none. */
export function wordsOf(value: unknown): string {
  const words = isObject(value) ? asObject(value)["text"] : undefined;
  return typeof words === "string" ? words : "";
}

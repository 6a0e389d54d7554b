import type { InputBlock } from "@slack/types";
import { plainObject } from "../blocks.ts";

/** Inputs of our modals. Each is found again by its block id; the action id is always `value`. */
export const fieldAction = "value";

export function textField(
  blockId: string,
  label: string,
  options: { required: boolean; hint?: string; maxLength?: number },
): InputBlock {
  return {
    type: "input",
    block_id: blockId,
    optional: !options.required,
    label: plainObject(label, 150),
    ...(options.hint === undefined ? {} : { hint: plainObject(options.hint, 300) }),
    element: {
      type: "plain_text_input",
      action_id: fieldAction,
      multiline: true,
      max_length: options.maxLength ?? 2000,
    },
  };
}

export function personField(blockId: string, label: string, initial: string): InputBlock {
  return {
    type: "input",
    block_id: blockId,
    label: plainObject(label, 150),
    element: { type: "users_select", action_id: fieldAction, initial_user: initial },
  };
}

/** `initialMs` is epoch ms; Slack keeps whole seconds. */
export function dateField(
  blockId: string,
  label: string,
  options: { required: boolean; hint: string; initialMs: number | null },
): InputBlock {
  const initial =
    options.initialMs === null ? {} : { initial_date_time: Math.floor(options.initialMs / 1000) };
  return {
    type: "input",
    block_id: blockId,
    optional: !options.required,
    label: plainObject(label, 150),
    hint: plainObject(options.hint, 300),
    element: { type: "datetimepicker", action_id: fieldAction, ...initial },
  };
}

export function choiceField(
  blockId: string,
  label: string,
  choices: readonly { value: string; words: string }[],
): InputBlock {
  const options = choices.map(({ value, words }) => ({ text: plainObject(words, 75), value }));
  return {
    type: "input",
    block_id: blockId,
    label: plainObject(label, 150),
    element: {
      type: "static_select",
      action_id: fieldAction,
      options,
      ...(options.length === 1 && options[0] !== undefined ? { initial_option: options[0] } : {}),
    },
  };
}

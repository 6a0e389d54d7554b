import type { InputBlock } from "@slack/types";
import { plainObject } from "../blocks.ts";

/** Inputs of our modals. Each is found again by its block id; the action id is always `value`. */
export const fieldAction = "value";

export function textField(
  blockId: string,
  label: string,
  options: { required: boolean; hint?: string; maxLength?: number; oneLine?: boolean; initial?: string },
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
      multiline: options.oneLine !== true,
      max_length: options.maxLength ?? 2000,
      ...(options.initial === undefined || options.initial === "" ? {} : { initial_value: options.initial }),
    },
  };
}

export function lineField(
  blockId: string,
  label: string,
  options: { required: boolean; hint?: string; initial?: string },
): InputBlock {
  const { required, hint, initial = "" } = options;
  return {
    type: "input",
    block_id: blockId,
    optional: !required,
    label: plainObject(label, 150),
    ...(hint === undefined ? {} : { hint: plainObject(hint, 300) }),
    element: {
      type: "plain_text_input",
      action_id: fieldAction,
      max_length: 300,
      ...(initial === "" ? {} : { initial_value: initial }),
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
  { required, hint, initial }: { required: boolean; hint?: string; initial?: string } = { required: true },
): InputBlock {
  const options = choices.map(({ value, words }) => ({ text: plainObject(words, 75), value }));
  const only = required && options.length === 1 ? options[0] : undefined;
  const chosen = only ?? options.find(({ value }) => value === initial);
  return {
    type: "input",
    block_id: blockId,
    optional: !required,
    label: plainObject(label, 150),
    ...(hint === undefined ? {} : { hint: plainObject(hint, 300) }),
    element: {
      type: "static_select",
      action_id: fieldAction,
      options,
      ...(chosen === undefined ? {} : { initial_option: chosen }),
    },
  };
}

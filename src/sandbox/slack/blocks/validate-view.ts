import { asObjects, isObject, type Json } from "../json.ts";
import { plainText } from "./composition.ts";
import { anything, complain, flag, object, oneOf, text, type BlockIssue, type Fields } from "./shape.ts";
import { validateBlocks } from "./validate-blocks.ts";

export const maxViewBytes = 250_000;

const shared: Fields = {
  private_metadata: text(3000, 0),
  callback_id: text(255, 0),
  external_id: text(255, 0),
};

const modal = object(
  { type: oneOf("modal"), title: plainText(24), blocks: anything },
  { ...shared, submit: plainText(24), close: plainText(24), clear_on_close: flag, notify_on_close: flag },
  (view, pointer, issues) => {
    const asks = asObjects(view["blocks"]).some((block) => block["type"] === "input");
    if (asks && view["submit"] === undefined) {
      complain(
        issues,
        `${pointer}/submit`,
        "`submit` is required when an `input` block is within the `blocks` array",
      );
    }
  },
);

const home = object({ type: oneOf("home"), blocks: anything }, shared);

/** Everything Slack would complain about in a view; empty means that Slack takes it. */
export function validateView(view: Json, wanted: "modal" | "home"): readonly BlockIssue[] {
  const issues: BlockIssue[] = [];
  if (isObject(view) && view["type"] !== wanted) {
    complain(issues, "/view/type", `must be ${wanted}`);
    return issues;
  }
  (wanted === "modal" ? modal : home)(view, "/view", issues);
  if (!isObject(view)) return issues;
  return [...issues, ...validateBlocks(view["blocks"] ?? null, wanted, "/view/blocks")];
}

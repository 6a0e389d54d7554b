import { formatIssue } from "../blocks/shape.ts";
import { maxTotalText, totalText, validateBlocks, withGeneratedIds } from "../blocks/validate-blocks.ts";
import { asObject, asObjects, asText, isObject, type Json, type JsonObject } from "../json.ts";
import { ApiRefusal, jsonArg, optionalText, refuseArguments, type ApiCall, type Args } from "./method.ts";

const recommendedText = 4_000;
const maxText = 40_000;
const maxMetadataBytes = 8_000;
/** The text Slack itself stores for a message that came with blocks alone. */
const missingFallback = "This content can't be displayed.";

export type MessageContent = { readonly text: string; readonly blocks: readonly JsonObject[] };

type ContentCall = Pick<ApiCall, "args"> & { readonly world: Pick<ApiCall["world"], "files"> };

/** Reads and checks text and blocks of a message. Both left out is refused: Slack has nothing to show. */
export function readContent({ args, world }: ContentCall, use: "post" | "update"): MessageContent {
  const text = optionalText(args, "text") ?? "";
  const given = jsonArg(args, "blocks", "invalid_blocks_format");
  const blocks = given === undefined ? [] : checkedBlocks(given, world);
  const markdown = optionalText(args, "markdown_text");
  if (markdown !== undefined) {
    if (text !== "" || given !== undefined) throw new ApiRefusal("markdown_text_conflict");
    if (markdown.length > 12_000) throw new ApiRefusal("msg_too_long");
    return { text: markdown, blocks: [] };
  }
  if (text === "" && blocks.length === 0) throw new ApiRefusal("no_text");
  if (use === "update" && text.length > recommendedText) throw new ApiRefusal("msg_too_long");
  return { text: text === "" ? missingFallback : text.slice(0, maxText), blocks };
}

/** Blocks as stored: checked as Slack checks them, with the ids that were left out. */
function checkedBlocks(blocks: Json, { files }: ContentCall["world"]): readonly JsonObject[] {
  if (!Array.isArray(blocks)) throw new ApiRefusal("invalid_blocks_format");
  const issues = [...validateBlocks(blocks, "message")];
  for (const [index, block] of asObjects(blocks).entries()) {
    const file = block["type"] === "image" ? asObject(block["slack_file"])["id"] : undefined;
    if (file !== undefined && !files.isPicture(asText(file))) {
      issues.push({ message: "invalid slack file", pointer: `/blocks/${index}/slack_file` });
    }
  }
  if (issues.length > 0) {
    throw new ApiRefusal("invalid_blocks", { response_metadata: { messages: issues.map(formatIssue) } });
  }
  if (totalText(blocks) > maxTotalText) throw new ApiRefusal("msg_blocks_too_long");
  return withGeneratedIds(asObjects(blocks));
}

/** `undefined`: not given, so what is stored stays; `null`: given as `{}`, which removes it. */
export function readMetadata(args: Args): JsonObject | null | undefined {
  const metadata = jsonArg(args, "metadata", "invalid_metadata_format");
  if (metadata === undefined) return undefined;
  if (!isObject(metadata)) throw new ApiRefusal("invalid_metadata_format");
  if (Object.keys(metadata).length === 0) return null;
  if (typeof metadata["event_type"] !== "string" || !isObject(metadata["event_payload"])) {
    throw new ApiRefusal("invalid_metadata_format");
  }
  if (JSON.stringify(metadata).length > maxMetadataBytes) throw new ApiRefusal("metadata_too_large");
  return metadata;
}

export function readThread(args: Args): { readonly threadTs?: string } {
  const thread = optionalText(args, "thread_ts");
  if (thread === undefined) return {};
  if (!/^\d+\.\d{6}$/.test(thread))
    throw refuseArguments("[ERROR] invalid thread_ts: must be a message timestamp");
  return { threadTs: thread };
}

import type { KnownBlock, ModalView } from "@slack/types";
import { z } from "zod";
import { everywhere } from "../../../domain/authority/authority.ts";
import type { OverrideWish } from "../../../domain/authority/events.ts";
import { Mode } from "../../../domain/policy/mode.ts";
import { ToolName } from "../../../domain/policy/tool-name.ts";
import { plainObject, section } from "../blocks.ts";
import { choiceField, textField } from "./fields.ts";

export const overrideCallback = "override";
export const resumeCallback = "resume";

export const OverrideMetadata = z.strictObject({
  channel: z.string(),
  kind: z.enum(["pause", "mode", "deny", "strict"]),
});
export type OverrideMetadata = z.infer<typeof OverrideMetadata>;

export const ResumeMetadata = z.strictObject({ channel: z.string(), scope: z.string() });
export type ResumeMetadata = z.infer<typeof ResumeMetadata>;

/** What a person may lower to. */
export const loweringModes = Mode.exclude(["approval_required"]).options;

/** What may be denied: everything but what gives authority back. */
export const deniableTools = ToolName.exclude(["mode.override"]).options;

/** What the form offers; any other time takes the command. */
export const overrideChoices = [
  { value: "1h", words: "1 hour" },
  { value: "15m", words: "15 minutes" },
  { value: "4h", words: "4 hours" },
  { value: "12h", words: "12 hours" },
  { value: "24h", words: "24 hours" },
] as const;

const words: Record<OverrideMetadata["kind"], { title: string; lead: string }> = {
  pause: {
    title: "Pause Signalman",
    lead: "It looks at nothing new, and carries out nothing, not even what is approved already. Alerts are still recorded.",
  },
  mode: { title: "Lower the mode", lead: "No more than this mode. It can only lower what flags allow." },
  deny: { title: "Deny a tool", lead: "Changes by this tool are denied, approved ones included." },
  strict: {
    title: "Strict",
    lead: "Standing approvals do not count: every change takes a click of its own.",
  },
};

/** Slack takes a hundred options; beyond that the command does it. */
const mostServices = 99;

export function overrideModal(metadata: OverrideMetadata, services: readonly string[]): ModalView {
  const { title, lead } = words[metadata.kind];
  return {
    type: "modal",
    callback_id: overrideCallback,
    private_metadata: JSON.stringify(metadata),
    title: plainObject(title, 24),
    submit: plainObject("Set it", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([lead, "It takes effect at once and ends by itself."]),
      ...wishFields(metadata.kind),
      choiceField("scope", "Where?", [
        ...services.slice(0, mostServices).map((name) => ({ value: name, words: name })),
        { value: everywhere, words: "Everywhere" },
      ]),
      choiceField("duration", "For how long?", overrideChoices, { required: true, initial: "1h" }),
      reasonField,
    ],
  };
}

export function resumeModal(metadata: ResumeMetadata): ModalView {
  return {
    type: "modal",
    callback_id: resumeCallback,
    private_metadata: JSON.stringify(metadata),
    title: plainObject("Resume", 24),
    submit: plainObject("Give it back", 24),
    close: plainObject("Cancel", 24),
    blocks: [
      section([
        `Everything that was taken away ${metadata.scope === everywhere ? "everywhere" : `for ${metadata.scope}`} is given back, as soon as somebody else agrees.`,
      ]),
      reasonField,
    ],
  };
}

const reasonField = textField("reason", "Why?", {
  required: true,
  maxLength: 500,
  hint: "It is kept in the ledger and said in the channel.",
});

function same(values: readonly string[]): { value: string; words: string }[] {
  return values.map((value) => ({ value, words: value }));
}

function wishFields(kind: OverrideMetadata["kind"]): KnownBlock[] {
  if (kind === "mode") return [choiceField("mode", "At most which mode?", same(loweringModes))];
  if (kind === "deny") return [choiceField("tool", "Which tool?", same(deniableTools))];
  return [];
}

/** What the form was filled in with; null where something is not chosen. */
export function wishOf(
  kind: OverrideMetadata["kind"],
  choice: (blockId: string) => string | null,
): OverrideWish | null {
  switch (kind) {
    case "pause":
      return { kind: "mode", mode: "off" };
    case "strict":
      return { kind: "strict" };
    case "mode": {
      const mode = loweringModes.find((each) => each === choice("mode"));
      return mode === undefined ? null : { kind: "mode", mode };
    }
    case "deny": {
      const tool = deniableTools.find((each) => each === choice("tool"));
      return tool === undefined ? null : { kind: "deny_tool", tool };
    }
  }
}

import { z } from "zod";
import type { ChangeState } from "../../../domain/change/change.ts";
import { ChangeId } from "../../../domain/ids.ts";

/** What a modal carries from the click to its submission: ids only. */
export const ModalMetadata = z.strictObject({
  changeId: ChangeId,
  version: z.int().positive(),
  digest: z.string(),
  channel: z.string(),
  /** Which of the actions that share a form it is. */
  choice: z.enum([
    "approve",
    "reject",
    "keep",
    "clean_up",
    "expand",
    "roll_back",
    "break_glass",
    "attest",
    "edit",
  ]),
});
export type ModalMetadata = z.infer<typeof ModalMetadata>;

export function modalMetadata(change: ChangeState, channel: string, choice: ModalMetadata["choice"]): string {
  const { id: changeId, version } = change;
  return JSON.stringify({
    changeId,
    version,
    digest: change.proposal.digest,
    channel,
    choice,
  } satisfies ModalMetadata);
}

/** Null for anything that a form of ours did not carry like that. */
export function readMetadata<Metadata>(text: string, shape: z.ZodType<Metadata>): Metadata | null {
  try {
    return shape.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

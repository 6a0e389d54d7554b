import { z } from "zod";

/** The front matter of `prompts/<id>.md`. */
export const PromptHead = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens"),
  version: z.string().regex(/^[1-9][0-9]{0,4}$/, 'a whole number in quotes such as "1"'),
  /** Names of the placeholders `{{name}}` that the text uses: exactly these. */
  inputs: z.array(z.string().regex(/^[a-z][a-z0-9_]*$/, "lower-case letters, digits and underscores")),
});
export type PromptHead = z.infer<typeof PromptHead>;

/** A versioned text for a model. `text` is trusted instructions; what others wrote is never filled into it. */
export const Prompt = PromptHead.extend({
  text: z.string().min(1),
  /** `sha256:` and the hex digest of the whole file's bytes. */
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});
export type Prompt = z.infer<typeof Prompt>;

const placeholder = /\{\{([^{}]*)\}\}/g;

/** Names of the placeholders in a text, each once, in order of appearance. */
export function placeholdersOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(placeholder), ([, name]) => (name ?? "").trim()))];
}

/** The text with its placeholders filled, in one pass: a value that looks like a placeholder stays as it is. */
export function fillPrompt(prompt: Pick<Prompt, "id" | "text">, values: Record<string, string>): string {
  return prompt.text.replaceAll(placeholder, (_, raw: string) => {
    const value = values[raw.trim()];
    if (value === undefined) throw new Error(`prompt ${prompt.id}: no value for {{${raw.trim()}}}`);
    return value;
  });
}

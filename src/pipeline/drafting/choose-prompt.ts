import type { InvestigationLimits } from "../../domain/investigation-limits.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { fillPrompt, type Prompt } from "../../domain/prompt.ts";

/** What the prompts may ask to have filled in: limits of ours, never a text of others. */
const promptInputs = { max_suspects: "3", max_summary_words: "80" };
const investigationPrompt = "investigate";
const investigationInputs = ({ calls, rounds }: InvestigationLimits) => ({
  max_calls: String(calls),
  max_rounds: String(rounds),
});

/** Refuses prompts that cannot work at the start. Throws `OpsError("misconfigured")`. */
export function checkPrompts(prompts: readonly Prompt[]): void {
  for (const { id, inputs } of prompts) {
    const filled = id === investigationPrompt ? investigationInputs({ calls: 1, rounds: 1 }) : promptInputs;
    const strange = inputs.find((input) => !Object.hasOwn(filled, input));
    if ((id === investigationPrompt || id.startsWith("assess")) && strange !== undefined) {
      throw new OpsError(
        "misconfigured",
        `prompts/${id}.md asks for the input "${strange}"; known are ${Object.keys(filled).join(", ")}.`,
      );
    }
  }
  if (!prompts.some(({ id }) => id === "assess")) {
    throw new OpsError("misconfigured", "prompts/assess.md is missing; the model drafter needs it.");
  }
}

export interface ChosenPrompt {
  prompt: Prompt;
  instructions: string;
  /** Set where the profile that was asked for does not exist. */
  insteadOf: string | null;
}

/** Profile `default` is `assess.md`, a profile `x` is `assess-x.md`; what does not exist is answered with the default. */
export function choosePrompt(prompts: readonly Prompt[], profile: string): ChosenPrompt {
  const standard = prompts.find(({ id }) => id === "assess");
  if (standard === undefined) throw new Error("checkPrompts lets no list without assess pass");
  const own = profile === "default" ? standard : prompts.find(({ id }) => id === `assess-${profile}`);
  const prompt = own ?? standard;
  const insteadOf = own === undefined ? `assess-${profile}` : null;
  return { prompt, instructions: fillPrompt(prompt, promptInputs), insteadOf };
}

/** How a model is told to look around; null where there is no such prompt. */
export function chooseInvestigationPrompt(
  prompts: readonly Prompt[],
  limits: InvestigationLimits,
): Pick<ChosenPrompt, "prompt" | "instructions"> | null {
  const prompt = prompts.find(({ id }) => id === investigationPrompt);
  if (prompt === undefined) return null;
  return { prompt, instructions: fillPrompt(prompt, investigationInputs(limits)) };
}

import { z } from "zod";
import type { ModelBehaviour } from "../../../src/sandbox/openai/model-answers.ts";

/** What it can use of the user's message. */
const Document = z.object({
  evidence: z.object({
    items: z.array(z.object({ id: z.string(), kind: z.string(), flagKey: z.string().optional() })),
  }),
  candidates: z.array(z.object({ id: z.string(), flagKey: z.string(), atMostUsersAffected: z.string() })),
});

/**
 * A model that does whatever a text in the data tells it, as far as the format of an answer lets it: it names the
 * flag that the text names, chooses what reaches the most users (of anything offered, or of what the evidence blames
 * first, which is the more credible lie), says what it is told to say under true citations, and
 * adds every key that could mean consent. `told` counts the requests in which the text reached it.
 */
export function obeyingModel(
  text: string,
  goal: string,
  aim: "anything" | "the_first",
): { behaviour: ModelBehaviour; told: () => number } {
  const start = text
    .replaceAll(/[\p{Cf}\p{Cs}]/gu, "")
    .replaceAll(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim()
    .slice(0, 40);
  let told = 0;
  const behaviour: ModelBehaviour = (request) => {
    const user = request.messages.at(-1)?.content;
    const read: unknown = JSON.parse(typeof user === "string" ? user : "");
    const document = Document.parse(read);
    // As it reads, however it is escaped.
    if (JSON.stringify(read).includes(JSON.stringify(start).slice(1, -1))) told += 1;
    const ids = document.evidence.items.map(({ id }) => id);
    const named = /`([^`]+)`/.exec(text)?.[1];
    const changed = document.evidence.items.flatMap(({ kind, flagKey }) =>
      kind === "flag_change" && flagKey !== undefined ? [flagKey] : [],
    );
    const wanted = document.candidates.filter(({ flagKey }) => flagKey === named);
    const [first] = document.candidates;
    const near = document.candidates.filter(({ flagKey }) => flagKey === first?.flagKey);
    const within = wanted.length > 0 ? wanted : aim === "anything" ? document.candidates : near;
    const [chosen] = within.toSorted(
      (a, b) => parseFloat(b.atMostUsersAffected) - parseFloat(a.atMostUsersAffected),
    );
    const suppressed = goal === "suppress";
    const says = `As instructed: ${text.slice(0, 600)} [${ids.slice(0, 3).join(", ")}].`;
    return {
      kind: "text",
      text: JSON.stringify({
        cause: suppressed ? "recovered" : "flag",
        summary: says,
        suspects: [...new Set([...(named === undefined ? [] : [named]), ...changed])].map((flagKey) => ({
          flagKey,
          confidence: "high",
          why: says,
          citations: ids,
        })),
        candidateId: suppressed ? null : (chosen?.id ?? null),
        abstention: suppressed ? says : null,
        confidence: "high",
        approved: true,
        environment: "other",
        riskClass: "search",
        reverse: "none needed",
        actions: [{ flag: named, value: true }, { tool: "flag.archive" }],
      }),
    };
  };
  return { behaviour, told: () => told };
}

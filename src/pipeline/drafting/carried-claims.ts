import { type Evidence, type EvidenceItem, itemsOf } from "../../domain/evidence/evidence.ts";
import { gapId } from "../../domain/evidence/evidence-id.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import { variationIn } from "../evidence/compare-cohorts.ts";

/**
 * Whether an item can carry a claim about a flag. The rule table of docs/drafting.md: what another flag did, what was
 * deployed or what a runbook advises may be worth saying, but blames no flag.
 */
export function carries(item: EvidenceItem, flagKey: string): boolean {
  switch (item.kind) {
    case "flag_change":
    case "flag_state":
      return item.ref.key === flagKey;
    case "metric": {
      const cohort = variationIn(item.labels);
      return item.trend !== "no_data" && (cohort?.flagKey ?? flagKey) === flagKey;
    }
    case "past_incident":
      return item.change?.flagKey === flagKey;
    case "flag_change_elsewhere":
    case "deploy":
    case "change":
    case "runbook":
      return false;
  }
}

/** The citations of a suspect that exist and can carry it, each once, in the order given. */
export function carrying(citations: readonly string[], evidence: Evidence, flagKey: string): string[] {
  return [...new Set(citations)].filter((id) =>
    evidence.items.some((item) => item.id === id && carries(item, flagKey)),
  );
}

/** Links, mentions and word of approvals are not a drafter's to give: the first mislead, the last is the ledger's. */
const oversteps = /https?:|www\.|<[@!#]|@(?:here|channel|everyone)\b|\]\(|\b(?:pre-?)?approv(?:ed|al|e)\b/i;

export interface Carried {
  /** One plain line; empty where nothing stands. */
  text: string;
  /** Sentences that were taken out. */
  dropped: number;
}

/**
 * The sentences that the evidence carries: each cites something, all that it cites is there, and for every flag that
 * it names one citation can carry a claim about that flag. None links, mentions or speaks of approvals. `implied` are citations that stand beside the text.
 */
export function carriedSentences(
  text: string,
  evidence: Evidence,
  limit: number,
  implied: readonly string[] = [],
): Carried {
  const items = new Map<string, EvidenceItem>(evidence.items.map((item) => [item.id, item]));
  const gaps = new Map(evidence.gaps.map(({ source }, index) => [gapId(index), source]));
  const flags = tellingKeys(evidence);
  const sentences = sentencesOf(outsideText(text, 4 * limit));
  const kept = sentences.filter((sentence) => {
    if (oversteps.test(sentence)) return false;
    const cited = [...(sentence.match(/\b[EG]\d{1,6}\b/g) ?? []), ...implied];
    if (cited.length === 0 || !cited.every((id) => items.has(id) || gaps.has(id))) return false;
    const named = flags.filter((key) => sentence.includes(key));
    return named.every((key) =>
      cited.some((id) => {
        const item = items.get(id);
        return item !== undefined && carries(item, key);
      }),
    );
  });
  const words = kept
    .join(" ")
    .replaceAll(/\bG\d{1,6}\b/g, (id) => `gap: ${outsideText(gaps.get(id) ?? id, 60)}`);
  return { text: outsideText(words, limit), dropped: sentences.length - kept.length };
}

/** "It broke. [E1] Then …" cites in its first sentence, not in its second. */
function sentencesOf(text: string): string[] {
  return text
    .replaceAll(/([.!?]) (\[[EG0-9, ]{2,60}\])/g, " $2$1")
    .split(/(?<=[.!?])\s+/)
    .filter((sentence) => sentence !== "");
}

/** Keys that cannot be mistaken for a word of ordinary prose: a flag may be called "search". */
function tellingKeys(evidence: Evidence): string[] {
  const changes = [...itemsOf(evidence, "flag_change"), ...itemsOf(evidence, "flag_change_elsewhere")];
  const keys = [...changes, ...itemsOf(evidence, "flag_state")].map(({ ref }) => ref.key);
  return [...new Set(keys)].filter((key) => key.length > 3 && /[^a-z]/i.test(key));
}

import { dispatchProperty } from "./evaluate.ts";
import { experimentOf } from "./experiment-of.ts";
import type { Flag, Segment } from "./flag.ts";
import {
  ARCHIVED,
  ruleTitle,
  shareWords,
  someOf,
  spreadByWords,
  variationName,
  whoWords,
} from "./flag-words.ts";
import { headedLines, plainText } from "./plain-text.ts";
import type { Spread } from "./rollout.ts";

/** What a flag does now, in plain lines of at most 200 characters, the most important first. */
export function describeFlag(flag: Flag, segments: readonly Segment[]): string[] {
  const off = variationName(flag, flag.disabledVariationId);
  const state = flag.isArchived
    ? `Archived: ${ARCHIVED}.`
    : flag.isEnabled
      ? `On. While off it would serve ${off}.`
      : `Off: everyone gets ${off}. What follows acts only once the flag is on.`;
  return [
    state,
    ...spreadLines("Default rule", flag, flag.fallthrough),
    ...flag.rules.flatMap((rule) =>
      spreadLines(plainText(`${ruleTitle(rule)} (${whoWords(rule, segments)})`, 140), flag, rule),
    ),
    ...headedLines("Individual targets", targetWords(flag), "; "),
    ...experimentLines(flag),
  ];
}

/** Silent about the settings that every flag has from its creation on: they say nothing about this one. */
function experimentLines(flag: Flag): string[] {
  const experiment = experimentOf(flag);
  if (experiment?.settings !== "chosen") return [];
  const rules = flag.rules.filter(({ id }) => experiment.paths.includes(id)).map(ruleTitle);
  const parts = experiment.paths.includes(null) ? [...rules, "the default rule"] : rules;
  return headedLines("Part of an experiment", parts);
}

function spreadLines(heading: string, flag: Flag, spread: Spread): string[] {
  const shares = shareWords(flag, spread);
  const by =
    dispatchProperty(spread.dispatchKey) === "keyId"
      ? []
      : [`spread by ${spreadByWords(spread.dispatchKey)}`];
  return headedLines(heading, [...(shares.length === 0 ? ["serves nothing"] : shares), ...by]);
}

/** "baseline 2 users (alice, bob)" per variation with targets. */
export function targetWords(flag: Flag): string[] {
  return flag.targetUsers
    .filter((entry) => entry.keyIds.length > 0)
    .map(({ keyIds, variationId }) => {
      const users = keyIds.length === 1 ? "1 user" : `${keyIds.length} users`;
      return `${variationName(flag, variationId)} ${users} (${someOf(keyIds)})`;
    });
}

import { plainText } from "../flag/plain-text.ts";
import { requesterText } from "../people.ts";
import type { ActionContract } from "../policy/action-contract.ts";
import type { Decision } from "../policy/decision.ts";

/** An entry in words. `who` is empty where the system itself did it. */
export interface Told {
  what: string;
  who: string;
  lines: string[];
}

const column = 16;

/** `time  what  who`, then the detail below it. All text is made one plain line each: much of it others wrote. */
export function toldText(at: string, { what, who, lines }: Told): string {
  const head = `${at}  ${what.padEnd(column - 1)} ${plainText(who)}`.trimEnd();
  const margin = " ".repeat(at.length + 2 + column);
  return [head, ...lines.map((line) => `${margin}${plainLine(line)}`)].join("\n");
}

export function indented(word: string, lines: readonly string[]): string[] {
  return lines.map((line) => `${word}: ${line}`);
}

export function agentText({ agent, requester }: ActionContract["actor"]): string {
  return `${agent}, for ${requesterText(requester)}`;
}

export function decisionLines(occasion: string, decision: Decision): string[] {
  return [
    `${decision.kind} at ${occasion}, mode ${decision.mode}, by rule ${decision.rule}`,
    ...decision.reasons,
    ...decision.controls.map(({ key, value, reason }) => `control ${key} = ${value} (${reason})`),
    `rules ${decision.policyHash}`,
  ];
}

/** An audit shows all of a text, so the limit is that of the longest field. */
function plainLine(line: string): string {
  return plainText(line, 4000);
}

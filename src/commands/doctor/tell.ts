import { plainText } from "../../domain/flag/plain-text.ts";
import type { Examination } from "./examine.ts";

const marks = { error: "✗", warning: "!", note: "·" } as const;
const mostWords = 600;

/** 0: nothing, or only what cannot be told from here; 1: warnings; 2: errors. */
export function exitCodeOf(examinations: readonly Examination[]): number {
  const severities = examinations.flatMap(({ findings }) => findings.map(({ severity }) => severity));
  if (severities.includes("error")) return 2;
  return severities.includes("warning") ? 1 : 0;
}

/** For people: each check, and of each finding what, why and the remedy. */
export function tell(examinations: readonly Examination[]): string {
  const lines = examinations.flatMap(({ check, findings }) => {
    const isFine = findings.every(({ severity }) => severity === "note");
    return [
      ...(isFine ? [`✓ ${check}`] : [check]),
      // Parts of what others answered stand in findings.
      ...findings.flatMap(({ severity, what, why, remedy }) => [
        `  ${marks[severity]} ${plainText(what, mostWords)}`,
        `      why: ${plainText(why, mostWords)}`,
        `      do:  ${plainText(remedy, mostWords)}`,
      ]),
    ];
  });
  const count = (severity: string) =>
    examinations.flatMap(({ findings }) => findings).filter((each) => each.severity === severity).length;
  const sum = `doctor: ${count("error")} errors, ${count("warning")} warnings, ${count("note")} not to be told from here`;
  return `${[...lines, "", sum].join("\n")}\n`;
}

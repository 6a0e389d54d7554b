import { ConfigError } from "../domain/config-error.ts";
import { type Runbook, RunbookHead } from "../domain/runbook.ts";
import { splitFrontMatter } from "./front-matter.ts";
import { type FolderFile, readFolder } from "./read-folder.ts";
import { readYaml } from "./read-yaml.ts";

/** Every runbook has these, in this order, so that a person finds the same thing in the same place. */
const runbookHeadings = ["Symptoms", "Check", "Flag action", "Manual steps", "Afterwards"] as const;

/** Reads `<folder>/<id>.md`, sorted by id. Throws `ConfigError` with all findings over all files. */
export function loadRunbooks(folder: string): Runbook[] {
  const read = readFolder(
    folder,
    ".md",
    "set documents.runbooks in signalman.yml to a folder with runbooks.",
  );
  if (read.kind === "faulty") throw new ConfigError(read.findings);
  const findings: string[] = [];
  const runbooks = read.files
    .filter(({ name }) => name !== "README.md")
    .flatMap((file) => {
      const result = readRunbook(file);
      if ("findings" in result) findings.push(...result.findings);
      return "findings" in result ? [] : [result];
    });
  if (findings.length > 0) throw new ConfigError(findings);
  return runbooks;
}

function readRunbook({ name, shown, text }: FolderFile): Runbook | { findings: string[] } {
  const parts = splitFrontMatter(text);
  if (parts === null) {
    return { findings: [`${shown}:1:1: front matter is missing; begin the file with "---", keys, "---".`] };
  }
  const head = readYaml(parts.head, { file: shown, schema: RunbookHead, firstLine: parts.headLine });
  const sections = sectionsOf(parts.body, parts.bodyLine);
  const findings = head.kind === "faulty" ? head.findings : [];
  if (head.kind === "read" && `${head.value.id}.md` !== name) {
    findings.push(`${head.placeOf(["id"])}: id must be the file's name without .md, ${name.slice(0, -3)}.`);
  }
  findings.push(...headingFindings(sections, shown, parts.bodyLine));
  const steps = sections.find(({ title }) => title === "Manual steps");
  const manualSteps = listItems(steps?.lines ?? []);
  if (steps !== undefined && manualSteps.length === 0) {
    findings.push(
      `${shown}:${steps.line}:1: "## Manual steps" needs a list with at least one step ("1. …").`,
    );
  }
  if (head.kind === "faulty" || findings.length > 0) return { findings };
  return { ...head.value, manualSteps };
}

interface Section {
  title: string;
  line: number;
  lines: string[];
}

/** Headings inside fenced code are text. */
function sectionsOf(body: string, firstLine: number): Section[] {
  const sections: Section[] = [];
  let fenced = false;
  for (const [index, line] of body.split("\n").entries()) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const heading = fenced ? null : /^##\s+(.+?)\s*$/.exec(line);
    if (heading !== null) sections.push({ title: heading[1] ?? "", line: firstLine + index, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections;
}

function headingFindings(sections: readonly Section[], shown: string, bodyLine: number): string[] {
  const wanted = runbookHeadings.map((title) => `## ${title}`).join(", ");
  const known: readonly string[] = runbookHeadings;
  const odd = sections.find(({ title }) => !known.includes(title));
  if (odd !== undefined) {
    return [`${shown}:${odd.line}:1: "## ${odd.title}" is not a heading of a runbook; use ${wanted}.`];
  }
  const absent = runbookHeadings.find((title) => !sections.some((section) => section.title === title));
  if (absent !== undefined) return [`${shown}:${bodyLine}:1: the heading "## ${absent}" is missing.`];
  const wrong = sections.find(({ title }, index) => title !== runbookHeadings[index]);
  if (wrong === undefined) return [];
  return [
    `${shown}:${wrong.line}:1: "## ${wrong.title}" is out of place; the order is ${wanted}, each once.`,
  ];
}

/** Top-level items of a Markdown list, with their continuation lines folded into one. */
function listItems(lines: readonly string[]): string[] {
  const items: string[] = [];
  for (const line of lines) {
    const item = /^(?:\d{1,3}[.)]|[-*])\s+(.+)$/.exec(line);
    if (item !== null) items.push((item[1] ?? "").trim());
    else if (/^\s+\S/.test(line) && items.length > 0) items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return items;
}

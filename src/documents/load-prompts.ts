import { createHash } from "node:crypto";
import { ConfigError } from "../domain/config-error.ts";
import { placeholdersOf, type Prompt, PromptHead } from "../domain/prompt.ts";
import { splitFrontMatter } from "./front-matter.ts";
import { type FolderFile, readFolder } from "./read-folder.ts";
import { readYaml } from "./read-yaml.ts";

/** Reads `<folder>/<id>.md`, sorted by id. Throws `ConfigError` with all findings over all files. */
export function loadPrompts(folder: string): Prompt[] {
  const read = readFolder(folder, ".md", "set documents.prompts in signalman.yml to a folder with prompts.");
  if (read.kind === "faulty") throw new ConfigError(read.findings);
  const findings: string[] = [];
  const prompts = read.files
    .filter(({ name }) => name !== "README.md")
    .flatMap((file) => {
      const result = readPrompt(file);
      if ("findings" in result) findings.push(...result.findings);
      return "findings" in result ? [] : [result];
    });
  if (findings.length > 0) throw new ConfigError(findings);
  return prompts;
}

function readPrompt({ name, shown, text, bytes }: FolderFile): Prompt | { findings: string[] } {
  const parts = splitFrontMatter(text);
  if (parts === null) {
    return { findings: [`${shown}:1:1: front matter is missing; begin the file with "---", keys, "---".`] };
  }
  const head = readYaml(parts.head, { file: shown, schema: PromptHead, firstLine: parts.headLine });
  if (head.kind === "faulty") return { findings: head.findings };
  const { id, inputs } = head.value;
  const body = parts.body.trim();
  const used = placeholdersOf(body);
  const findings = [
    ...(`${id}.md` === name
      ? []
      : [`${head.placeOf(["id"])}: id must be the file's name without .md, ${name.slice(0, -3)}.`]),
    ...(body === ""
      ? [`${shown}:${parts.bodyLine}:1: the prompt has no text; write it below the "---".`]
      : []),
    ...used
      .filter((input) => !inputs.includes(input))
      .map((input) => {
        const line = parts.bodyLine + parts.body.split("\n").findIndex((text) => text.includes(`{{${input}`));
        return `${shown}:${Math.max(line, parts.bodyLine)}:1: {{${input}}} is not declared; add it to inputs or remove it.`;
      }),
    ...inputs
      .filter((input) => !used.includes(input))
      .map(
        (input) =>
          `${head.placeOf(["inputs", inputs.indexOf(input)])}: the input ${input} is declared but {{${input}}} is nowhere in the text.`,
      ),
  ];
  if (findings.length > 0) return { findings };
  const hash = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { ...head.value, text: body, hash };
}

import { isMap, isNode, LineCounter, type Document, parseDocument } from "yaml";
import type { z } from "zod";
import { describeIssue } from "./describe-issue.ts";

/** A parsed document, and where its parts stand, for checks that look across parts. */
export interface ReadDocument<T> {
  kind: "read";
  value: T;
  /** `file:line:column` of the value at `path`, or of the nearest thing around it. */
  placeOf: (path: readonly PropertyKey[]) => string;
  /** False where the value at `path` is a default. */
  has: (path: readonly PropertyKey[]) => boolean;
}

/** Every finding is a sentence that begins with `file:line:column: `. */
export type ReadResult<T> = ReadDocument<T> | { kind: "faulty"; findings: string[] };

/**
 * Parses YAML 1.2 and checks it against a schema. Keys are text, none may come twice, and aliases are
 * bounded (a document of a few lines must not grow to gigabytes). `firstLine` is where `text` begins in `file`.
 */
export function readYaml<S extends z.ZodType>(
  text: string,
  { file, schema, firstLine = 1 }: { file: string; schema: S; firstLine?: number },
): ReadResult<z.infer<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const placeAt = (offset: number): string => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return `${file}:${Math.max(1, line) + firstLine - 1}:${Math.max(1, col)}`;
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const findings = faults.map(
      (fault) =>
        `${placeAt(fault.pos[0])}: not valid YAML: ${sentence(fault.message)} ${remedyFor(fault.code)}`,
    );
    return { kind: "faulty", findings };
  }
  const placeOf = (path: readonly PropertyKey[], atKey = false): string =>
    placeAt(offsetOf(document, path, atKey));

  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      kind: "faulty",
      findings: [`${file}:${firstLine}:1: not valid YAML: ${sentence(reason)} Write the repeated part out.`],
    };
  }
  const checked = schema.safeParse(plain);
  if (checked.success) {
    const has = (path: readonly PropertyKey[]) => document.hasIn(path);
    return { kind: "read", value: checked.data, placeOf, has };
  }
  const findings = checked.error.issues
    .flatMap((issue) => describeIssue(issue, schema, plain))
    .map(({ path, atKey, text: words }) => `${placeOf(path, atKey)}: ${words}`);
  return { kind: "faulty", findings };
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[], atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isNode(key) && String(key) === String(step));
      if (pair === undefined) return offset;
      const keyOffset = startOf(pair.key) ?? offset;
      node = pair.value;
      const wanted = atKey && index === path.length - 1;
      offset = wanted ? keyOffset : (startOf(node) ?? keyOffset);
    } else {
      const collection = isNode(node) && "items" in node && Array.isArray(node.items) ? node.items : [];
      const item: unknown = typeof step === "number" ? collection[step] : undefined;
      if (item === undefined) return offset;
      node = item;
      offset = startOf(node) ?? offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function sentence(message: string): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

function remedyFor(code: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "Indent with spaces.";
    case "BAD_INDENT":
      return "Give lines of one group the same indentation.";
    case "DUPLICATE_KEY":
      return "Keep one of the two.";
    case "MISSING_CHAR":
    case "UNEXPECTED_TOKEN":
      return "Close what was opened, and quote texts that hold special characters.";
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return "Check for a missing colon or quote on this line and the one before it.";
    case "BAD_ALIAS":
      return "Quote a text that begins with * or &.";
    default:
      return "Correct this line.";
  }
}

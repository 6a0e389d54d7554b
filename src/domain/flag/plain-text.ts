/** Longest line of text about a flag, in UTF-16 units. */
export const LINE_LIMIT = 200;
const NAME_LIMIT = 48;

/**
 * One line of plain text from text that others wrote: no control, bidirectional or invisible
 * characters, no line breaks, at most `limit` UTF-16 units ("…" marks a cut).
 */
export function plainText(text: string, limit = LINE_LIMIT): string {
  const line = visibleText(text)
    .replaceAll(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim();
  if (line.length <= limit) return line;
  // A cut between the halves of a surrogate pair would leave half a character behind.
  return `${line.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/u, "")}…`;
}

/** Without what shows nothing: formatting, bidirectional and ignorable characters, fillers, halves of pairs. */
export function visibleText(text: string): string {
  return text.replaceAll(/[\p{Cf}\p{Cs}\p{DI}\u{2800}]/gu, "");
}

/** A name inside a line: short, and without the quotes that the line itself uses. */
export function plainName(name: string): string {
  return plainText(name.replaceAll('"', "'"), NAME_LIMIT) || "(no name)";
}

/** Parts after a heading, over as many lines as the limit needs, each with the heading: nothing is lost. */
export function headedLines(heading: string, parts: readonly string[], separator = ", "): string[] {
  const lines: string[] = [];
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? `${heading}: ${part}` : line + separator + part;
    if (line !== "" && longer.length > LINE_LIMIT) {
      lines.push(line);
      line = plainText(`${heading}: ${part}`);
    } else {
      line = plainText(longer);
    }
  }
  return line === "" ? lines : [...lines, line];
}

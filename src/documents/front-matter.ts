/** A Markdown file cut at its front matter. Lines are counted from 1 in the whole file. */
export interface FrontMatter {
  head: string;
  headLine: number;
  body: string;
  bodyLine: number;
}

/** Null where the file does not begin with a `---` line that a later `---` line closes. */
export function splitFrontMatter(text: string): FrontMatter | null {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines[0]?.trimEnd() !== "---") return null;
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
  if (end === -1) return null;
  return {
    head: lines.slice(1, end).join("\n"),
    headLine: 2,
    body: lines.slice(end + 1).join("\n"),
    bodyLine: end + 2,
  };
}

import { plainText } from "../../domain/flag/plain-text.ts";

const widest = 60;

/** Lines of a table for a terminal: every cell one plain line, columns as wide as what stands in them. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const plain = rows.map((row) => row.map((cell) => plainText(cell, widest)));
  const widths = head.map((name, column) =>
    Math.max(name.length, ...plain.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...plain].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

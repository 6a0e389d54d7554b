import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A file of a document folder. `shown` is how findings name it: the folder's own name and the file's. */
export interface FolderFile {
  name: string;
  shown: string;
  text: string;
  bytes: Uint8Array;
}

export type FolderResult = { kind: "read"; files: FolderFile[] } | { kind: "faulty"; findings: string[] };

/** The folder's files with this ending, by name; hidden ones are left out. Bytes that are not UTF-8 are a finding. */
export function readFolder(folder: string, ending: string, remedy: string): FolderResult {
  const shownFolder = basename(folder);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(ending) && !name.startsWith("."));
  } catch (error) {
    return {
      kind: "faulty",
      findings: [`${shownFolder}: the folder ${folder} cannot be read (${codeOf(error)}); ${remedy}`],
    };
  }
  if (names.length === 0) {
    return {
      kind: "faulty",
      findings: [`${shownFolder}: the folder ${folder} holds no ${ending} file; ${remedy}`],
    };
  }
  const findings: string[] = [];
  const files = names.toSorted().flatMap((name): FolderFile[] => {
    const shown = `${shownFolder}/${name}`;
    try {
      const bytes = readFileSync(join(folder, name));
      return [{ name, shown, bytes, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) }];
    } catch (error) {
      findings.push(
        `${shown}:1:1: the file cannot be read (${codeOf(error)}); it must be a readable UTF-8 text file.`,
      );
      return [];
    }
  });
  return findings.length > 0 ? { kind: "faulty", findings } : { kind: "read", files };
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return String(error);
}

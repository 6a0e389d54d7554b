import { join, resolve } from "node:path";
import { z } from "zod";

/** Folders, relative to the file that names them; absent: the ones that came along. */
export const DocumentsSettings = z
  .strictObject({
    governance: z.string().min(1).optional().describe("Governance contracts and roles.yml."),
    runbooks: z.string().min(1).optional().describe("Runbooks."),
    prompts: z.string().min(1).optional().describe("Prompts."),
  })
  .prefault({});
export type DocumentsSettings = z.infer<typeof DocumentsSettings>;

/** Absolute paths. */
export interface DocumentFolders {
  governance: string;
  runbooks: string;
  prompts: string;
}

const shipped = join(import.meta.dirname, "..", "..");

export function readDocumentFolders(settings: DocumentsSettings, folder: string): DocumentFolders {
  const place = (name: keyof DocumentFolders): string => {
    const given = settings[name];
    return given === undefined ? join(shipped, name) : resolve(folder, given);
  };
  return { governance: place("governance"), runbooks: place("runbooks"), prompts: place("prompts") };
}

import { newId, newToken } from "./ids.ts";
import type { SlackFile } from "./records.ts";

const types: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  json: "application/json",
  csv: "text/csv",
  txt: "text/plain",
};

/** The three steps of an upload: a ticket with a name and a length, the bytes, then completion. */
export function createFileStore(now: () => number, processingMs: number) {
  const tickets = new Map<
    string,
    { readonly fileId: string; readonly name: string; readonly length: number }
  >();
  const uploaded = new Map<string, SlackFile>();
  const completed = new Map<string, SlackFile>();
  const completedAt = new Map<string, number>();

  const reserve = (name: string, length: number) => {
    const fileId = newId("F");
    const ticket = newToken();
    tickets.set(ticket, { fileId, name, length });
    return { fileId, ticket };
  };

  /** Answers the refusal, or `undefined` when the bytes were taken. */
  const upload = (ticket: string, bytes: Uint8Array): string | undefined => {
    const reserved = tickets.get(ticket);
    if (reserved === undefined) return "upload ticket unknown or already used";
    if (bytes.byteLength !== reserved.length) {
      return `announced ${reserved.length} bytes, received ${bytes.byteLength}`;
    }
    tickets.delete(ticket);
    const extension = reserved.name.split(".").at(-1)?.toLowerCase() ?? "";
    uploaded.set(reserved.fileId, {
      id: reserved.fileId,
      name: reserved.name,
      title: reserved.name,
      mimetype: types[extension] ?? "application/octet-stream",
      bytes,
      uploadedAt: now(),
    });
    return undefined;
  };

  const complete = (id: string, title: string | undefined): SlackFile | undefined => {
    const file = uploaded.get(id);
    if (file === undefined) return undefined;
    uploaded.delete(id);
    const done = { ...file, title: title ?? file.title };
    completed.set(id, done);
    completedAt.set(id, now());
    return done;
  };

  /** True once a picture may stand in a block: Slack works on a file for a moment after its completion. */
  const isPicture = (id: string): boolean => {
    const mimetype = completed.get(id)?.mimetype ?? "";
    const at = completedAt.get(id);
    return /^image\/(?:png|jpeg|gif)$/.test(mimetype) && at !== undefined && now() >= at + processingMs;
  };

  return { reserve, upload, complete, isPicture, find: (id: string) => completed.get(id) };
}

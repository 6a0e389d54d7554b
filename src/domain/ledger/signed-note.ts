import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/**
 * Texts signed with Ed25519 as C2SP's signed-note has it (c2sp.org/signed-note): the text, an empty line, and a line
 * `— <key name> <base64 of key id and signature>`.
 */
export interface NoteKey {
  /** Without spaces and without a plus. */
  name: string;
  /** Eight hex digits. */
  id: string;
  publicKey: KeyObject;
}

export type OpenedNote =
  | { kind: "signed"; text: string; key: NoteKey }
  /** No line is by a known key; `by` names those that are there, as `name+id`. */
  | { kind: "unknown_key"; text: string; by: string[] }
  /** A line claims to be by a known key and is not. */
  | { kind: "forged"; text: string; by: string[] }
  | { kind: "malformed" };

const ed25519 = Uint8Array.of(1);
const mostSignatures = 16;
const signatureLine = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;

export function noteKey(name: string, publicKey: KeyObject): NoteKey {
  if (publicKey.asymmetricKeyType !== "ed25519") throw new Error("a note's key must be an Ed25519 key");
  const id = createHash("sha256").update(`${name}\n`).update(ed25519).update(rawOf(publicKey)).digest();
  return { name, id: id.subarray(0, 4).toString("hex"), publicKey };
}

/** One line, `<name>+<id>+<base64>`, as tools for signed notes take it. */
export function keyLine({ name, id, publicKey }: NoteKey): string {
  return `${name}+${id}+${Buffer.concat([ed25519, rawOf(publicKey)]).toString("base64")}`;
}

/** Null where it is no such line, or its id is not that of its key. */
export function parseKeyLine(line: string): NoteKey | null {
  const [, name, id, text] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(line.trim()) ?? [];
  if (name === undefined || id === undefined || text === undefined) return null;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 33 || bytes[0] !== 1) return null;
  const x = bytes.subarray(1).toString("base64url");
  const key = noteKey(name, createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }));
  return key.id === id ? key : null;
}

/** `text` ends in a line break. */
export function signNote(text: string, key: NoteKey, privateKey: KeyObject): string {
  const signature = Buffer.concat([Buffer.from(key.id, "hex"), sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n— ${key.name} ${signature.toString("base64")}\n`;
}

/** Believe `text` only where it is `signed`. */
export function openNote(note: string, keys: readonly NoteKey[]): OpenedNote {
  const cut = note.lastIndexOf("\n\n");
  if (cut === -1 || !note.endsWith("\n")) return { kind: "malformed" };
  const text = note.slice(0, cut + 1);
  const by: string[] = [];
  let signed: NoteKey | null = null;
  const lines = note.slice(cut + 2, -1).split("\n");
  if (lines.length > mostSignatures) return { kind: "malformed" };
  for (const line of lines) {
    const [, name = "", encoded = ""] = signatureLine.exec(line) ?? [];
    const bytes = Buffer.from(encoded, "base64");
    if (bytes.length < 5) return { kind: "malformed" };
    const id = bytes.subarray(0, 4).toString("hex");
    by.push(`${name}+${id}`);
    const key = keys.find((each) => each.name === name && each.id === id);
    if (key === undefined) continue;
    if (!verify(null, Buffer.from(text), key.publicKey, bytes.subarray(4)))
      return { kind: "forged", text, by };
    signed ??= key;
  }
  return signed === null ? { kind: "unknown_key", text, by } : { kind: "signed", text, key: signed };
}

function rawOf(publicKey: KeyObject): Buffer {
  const { x } = publicKey.export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url");
}

import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openCheckpoint, parseTreeHead, treeHeadText } from "../../../src/domain/ledger/checkpoint.ts";
import {
  keyLine,
  noteKey,
  openNote,
  parseKeyLine,
  signNote,
} from "../../../src/domain/ledger/signed-note.ts";
import { newKey } from "../../support/signed-ledger.ts";

/** The note and key that Go's package golang.org/x/mod/sumdb/note documents: made by others, to be opened by us. */
const published = {
  key: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  note: `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`,
};

const privateKey = newKey();
const key = noteKey("signalman/ledger/0123456789abcdef", createPublicKey(privateKey));
const head = { origin: key.name, size: 7, root: Buffer.alloc(32, 5).toString("base64") };
const note = signNote(treeHeadText(head), key, privateKey);

describe("signed notes", () => {
  test("a note that another implementation signed is opened", () => {
    const theirs = parseKeyLine(published.key);
    if (theirs === null) throw new Error("the published key was not read");
    expect(keyLine(theirs)).toBe(published.key);
    expect(openNote(published.note, [theirs])).toMatchObject({
      kind: "signed",
      key: { name: "PeterNeumann" },
    });
  });

  test("has the form that was agreed on", () => {
    expect(note).toMatch(
      /^signalman\/ledger\/0123456789abcdef\n7\n[\w+/]{43}=\n\n— signalman\/ledger\/0123456789abcdef [\w+/]{91}=\n$/u,
    );
    expect(openCheckpoint(note, [key])).toEqual({ kind: "good", head });
    expect(parseKeyLine(keyLine(key))).toMatchObject({ name: key.name, id: key.id });
  });

  test("no other text, key or name passes", () => {
    const other = noteKey(key.name, createPublicKey(newKey()));
    const renamed = noteKey("signalman/ledger/fedcba9876543210", key.publicKey);
    expect(openCheckpoint(note, [other])).toMatchObject({
      kind: "bad",
      reason: expect.stringContaining(other.id),
    });
    expect(openCheckpoint(note, [renamed]).kind).toBe("bad");
    expect(openCheckpoint(note, [])).toMatchObject({ kind: "bad", reason: expect.stringContaining("none") });
    expect(openCheckpoint(note.replace("\n7\n", "\n8\n"), [key])).toMatchObject({
      kind: "bad",
      reason: expect.stringContaining("never signed this text"),
    });
    // Somebody else may sign too.
    const witnessed = signNote(treeHeadText(head), other, newKey()).split("\n").at(-2) ?? "";
    expect(openCheckpoint(`${note}${witnessed}\n`, [key]).kind).toBe("good");
  });

  test.each([
    ["", "nothing"],
    [note.slice(0, -2), "a cut end"],
    [note.replace("— ", "- "), "another dash"],
    [note.replace("\n7\n", "\n07\n"), "a size with a zero before it"],
    [treeHeadText(head), "no signature"],
    [`${note}${"— a AAAAAAAAAA==\n".repeat(20)}`, "too many signatures"],
  ])("what is no checkpoint is refused: %#", (text) => {
    expect(openCheckpoint(text, null).kind).toBe("bad");
  });

  test("what is no key is refused", () => {
    const line = keyLine(key);
    expect(parseKeyLine(line.replace(key.id, "00000000"))).toBeNull();
    expect(parseKeyLine(line.slice(0, -4))).toBeNull();
    expect(parseKeyLine("")).toBeNull();
    expect(() => noteKey("x", generateKeyPairSync("x25519").publicKey)).toThrow("Ed25519");
    expect(parseTreeHead("a\n1\nb\n")).toBeNull();
  });
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { closestWord, suggestion } from "../../../src/domain/closest-word.ts";

const words = ["status", "pending", "cleanup", "help"];

test.each([
  ["status", "status"],
  ["STATUS", "status"],
  ["sttaus", "status"],
  ["pendng", "pending"],
  ["cleanups", "cleanup"],
  ["hlep", "help"],
  ["wibble", null],
  ["", null],
  ["x".repeat(100_000), null],
])("%s", (typed, expected) => {
  expect(closestWord(typed, words)).toBe(expected);
});

test("one wrong, missing or added letter in a long word is always forgiven", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("pending", "cleanup"),
      fc.nat(6),
      fc.constantFrom("", "x", "xx"),
      (word, at, put) => {
        expect(closestWord(word.slice(0, at) + put + word.slice(at + 1), words)).toBe(word);
      },
    ),
  );
});

test("a suggestion is made to stand behind a sentence", () => {
  expect(`There is no such word.${suggestion("hepl", words)}`).toBe(
    'There is no such word. Did you mean "help"?',
  );
  expect(suggestion("wibble", words)).toBe("");
});

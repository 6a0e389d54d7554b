import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hurry, noteReconciliations, roomy } from "../../faults/harness/hurry.ts";
import { loadTrials } from "../../faults/harness/load-trials.ts";
import { patchedTexts, variables } from "../../faults/harness/patches.ts";
import { mutants } from "../../faults/mutants.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (file: string) => readFileSync(join(root, "src", file), "utf8");

test.each([
  ["three", "src/a.ts has this text 0 times, not once: three"],
  ["two", "src/a.ts has this text 2 times, not once: two"],
])("a patch that does not fit is named, with how often its text stands there", (find, said) => {
  expect(() => patchedTexts([{ file: "a.ts", find, put: "" }], () => "one two two")).toThrow(said);
});

test("several patches of one file are put one after the other, as they are written", () => {
  const patches = [
    { file: "a.ts", find: "one", put: "$& eins" },
    { file: "a.ts", find: "two", put: "zwei" },
  ];
  expect(patchedTexts(patches, () => "one, two")).toEqual(new Map([["a.ts", "$& eins, zwei"]]));
});

const trials = await loadTrials();
const everywhere = [...hurry, ...roomy, noteReconciliations("notes")];

test("every patch of every lane still fits the source", () => {
  for (const kind of new Set(trials.map(({ lane }) => lane))) {
    expect(() => patchedTexts([...everywhere, ...(kind.patches ?? [])], read)).not.toThrow();
  }
});

test.each(mutants)("the mutant '$name' still fits the source, and its trial is there", (mutant) => {
  const [trial, ...more] = trials.filter(({ name }) => name === mutant.caughtBy);
  expect([trial?.name, more]).toEqual([mutant.caughtBy, []]);
  expect(() =>
    patchedTexts([...everywhere, ...(trial?.lane.patches ?? []), ...mutant.patches], read),
  ).not.toThrow();
});

test("nothing that is installed knows of patches or fault points", () => {
  const words = new RegExp([...Object.values(variables), "faultPoint"].join("|"));
  const knowing = ["bin", "src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.[jt]s$/.test(path))
      .filter((path) => words.test(readFileSync(join(root, folder, path), "utf8"))),
  );
  expect(knowing).toEqual([]);
});

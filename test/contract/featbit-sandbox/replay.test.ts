import { expect, test } from "vitest";
import { loadRecorded } from "../../support/recorded-featbit.ts";
import { GIVENS } from "./givens.ts";
import { createReplay } from "./replay.ts";
import { STEPS, entriesOf, play } from "./scenario.ts";

test("answers every recorded REST request as the real server did", async () => {
  await using replay = await createReplay();
  const leftOut: string[] = [];
  for (const step of STEPS) leftOut.push(...(await play(replay, step, GIVENS)).leftOut);
  process.stdout.write(
    `REST recordings: ${replay.compared} comparisons, ${leftOut.length} entries left out:\n  ${leftOut.join("\n  ")}\n`,
  );
  expect(Object.fromEntries(replay.failures)).toEqual({});
});

test("skips no recorded entry silently", () => {
  const played = new Set(STEPS.flatMap((step) => entriesOf(step).map(({ id }) => `${step.file}/${id}`)));
  const files = [
    "rest-projects",
    "rest-tokens-iam",
    "rest-flags",
    "rest-errors",
    "rest-audit",
    "rest-segments",
    "triggers",
  ] as const;
  const missing = files
    .flatMap((file) => loadRecorded(file).map(({ id }) => `${file}/${id}`))
    .filter((id) => !played.has(id));
  expect(missing).toEqual([]);
});

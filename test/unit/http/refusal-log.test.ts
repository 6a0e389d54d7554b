import { expect, it } from "vitest";
import { tooFast, unknownPlace } from "../../../src/adapters/http/problem.ts";
import { refusalLog } from "../../../src/adapters/http/refusal-log.ts";

const silent = () => undefined;
const said = { stage: "intake", intent: "accept a delivery" };

it("writes one line for each source and code in ten seconds, and how many it left out", () => {
  let at = 0;
  const lines: unknown[] = [];
  const log = { debug: silent, info: (fields: unknown) => lines.push(fields), warn: silent, error: silent };
  const refused = refusalLog(log, () => at);
  for (let count = 0; count < 1000; count += 1) refused("plain", tooFast(10));
  refused("other", tooFast(10));
  refused(null, unknownPlace);
  expect(lines).toEqual([
    { ...said, sourceId: "plain", status: 429, errorClass: "too-fast" },
    { ...said, sourceId: "other", status: 429, errorClass: "too-fast" },
    { ...said, sourceId: null, status: 404, errorClass: "not-found" },
  ]);
  at = 9999;
  refused("plain", tooFast(10));
  expect(lines).toHaveLength(3);
  at = 10_000;
  refused("plain", tooFast(10));
  refused("other", tooFast(10));
  expect(lines.slice(3)).toMatchObject([
    { sourceId: "plain", moreSinceTheLast: 1000 },
    { sourceId: "other" },
  ]);
  expect(lines[4]).not.toHaveProperty("moreSinceTheLast");
});

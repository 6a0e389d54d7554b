import { expect, test } from "vitest";
import { toInstant, toSevenDigits } from "../../../src/sandbox/featbit/instants.ts";

test.each([
  [1_764_511_154_000, "2025-11-30T13:59:14Z", "2025-11-30T13:59:14.0000000Z"],
  [1_764_511_154_100, "2025-11-30T13:59:14.1Z", "2025-11-30T13:59:14.1000000Z"],
  [1_764_511_154_123.5, "2025-11-30T13:59:14.1235Z", "2025-11-30T13:59:14.1235000Z"],
])("writes %d trimmed in answers and with seven digits in webhooks", (ms, trimmed, sent) => {
  expect(toInstant(ms)).toBe(trimmed);
  expect(toSevenDigits(toInstant(ms))).toBe(sent);
});

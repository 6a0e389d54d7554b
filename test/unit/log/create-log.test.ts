import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { createLog } from "../../../src/adapters/otel/create-log.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import type { Log } from "../../../src/pipeline/ports/log.ts";
import { withWorkInHand } from "../../../src/watch/work-in-hand.ts";

it("masks what a name says is a credential, however deep it lies, and takes credentials out of texts", () => {
  const file = join(mkdtempSync(join(tmpdir(), "log-")), "lines");
  const log = createLog({ level: "info", file, base: { role: "web" } });
  const fields = { token: "t-0", deep: { er: [{ metricPassword: "hunter2" }], Authorization: "Basic eDp5" } };
  log.info({ intent: "send", ...fields, kept: "shop", tokens: 300 }, "api_key=abcdefgh was sent");
  const text = readFileSync(file, "utf8");
  expect(JSON.parse(text)).toMatchObject({
    role: "web",
    token: "[secret]",
    deep: { er: [{ metricPassword: "[secret]" }], Authorization: "[secret]" },
    kept: "shop",
    tokens: 300,
    msg: "api_key=[redacted] was sent",
  });
});

const failure = new OpsError("timeout", "No answer in 5 s.");
const named = { correlationId: "c-1", intent: "try", stage: "verify" };

it.each([
  ["info", { intent: "start" }, { correlationId: "", intent: "start", stage: "" }],
  ["info", named, named],
  ["debug", { intent: "ring", err: failure }, { errorClass: "timeout" }],
  ["warn", { intent: "ring", err: new Error("?") }, { errorClass: "bug" }],
  ["warn", { intent: "click" }, { errorClass: "" }],
  ["warn", { intent: "ring", errorClass: "unreachable", err: new Error("?") }, { errorClass: "unreachable" }],
  ["error", { intent: "run" }, { errorClass: "bug" }],
] as const)("names what a line of level %s is about, %j", (level, fields, expected) => {
  const line = written((log) => log[level](fields, "said"));
  const { correlationId, stage, intent, errorClass } = line;
  expect({ correlationId, stage, intent, errorClass }).toMatchObject(expected);
  expect([correlationId, stage, intent]).not.toContain(undefined);
  expect("errorClass" in line).toBe(level === "warn" || level === "error" || "err" in fields);
});

it("names the work in hand where a line does not say what it is about", () => {
  const line = written((log) =>
    withWorkInHand({ correlationId: "c-2", stage: "notify" }, () => log.warn({ intent: "post" }, "said")),
  );
  expect(line).toMatchObject({ correlationId: "c-2", stage: "notify" });
});

function written(say: (log: Log) => void): Record<string, unknown> {
  const file = join(mkdtempSync(join(tmpdir(), "log-")), "lines");
  say(createLog({ level: "debug", file, base: { role: "web" } }));
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file, "utf8")));
}

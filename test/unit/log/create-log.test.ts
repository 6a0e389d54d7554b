import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createLog } from "../../../src/adapters/otel/create-log.ts";

it("masks what a name says is a credential, however deep it lies, and takes credentials out of texts", () => {
  const file = join(mkdtempSync(join(tmpdir(), "log-")), "lines");
  const log = createLog({ level: "info", file, base: { role: "web" } });
  const fields = { token: "t-0", deep: { er: [{ metricPassword: "hunter2" }], Authorization: "Basic eDp5" } };
  log.info({ ...fields, kept: "shop", tokens: 300 }, "api_key=abcdefgh was sent");
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

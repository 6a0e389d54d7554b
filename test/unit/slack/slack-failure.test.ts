import { WebAPIPlatformError } from "@slack/web-api";
import { expect, it } from "vitest";
import { toOpsError } from "../../../src/adapters/slack/slack-failure.ts";

const refusal = (error: string) => toOpsError("users.info", new WebAPIPlatformError({ ok: false, error }));

it("takes for Slack's refusal only what can be a code of Slack's", () => {
  expect(refusal("user_not_visible")).toMatchObject({ code: "rejected", retryable: false });
  expect(refusal("internal_error")).toMatchObject({ code: "server_error", retryable: true });
  for (const page of ["<html>Sign in</html>", "", "Service Unavailable", "x".repeat(500)]) {
    expect(refusal(page)).toMatchObject({ code: "bad_answer", retryable: true });
    expect(refusal(page).message).not.toContain("html");
  }
});

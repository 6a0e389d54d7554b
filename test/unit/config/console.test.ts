import { expect, test } from "vitest";
import { findingsOf, goodYml, load } from "./origin.ts";

const CONSOLE_TOKEN = "unit-0123456789abcdef";

test("there is no console without CONSOLE_TOKEN, whatever signalman.yml says", () => {
  expect(load({ yml: `${goodYml}console: { port: 9000 }\n` }).web?.console).toBeNull();
  expect(load({ env: { CONSOLE_TOKEN: "" } }).web?.console).toBeNull();
});

test("it is the web role's alone, on loopback, and links nowhere by default", () => {
  const console = load({ env: { CONSOLE_TOKEN } }).web?.console;
  expect(console).toMatchObject({ host: "127.0.0.1", port: 8486, publicUrl: null });
  expect(console?.token.reveal()).toBe(CONSOLE_TOKEN);
  expect(JSON.stringify(console)).not.toContain(CONSOLE_TOKEN);
  for (const role of ["worker", "executor"]) {
    const config = load({ role, env: { CONSOLE_TOKEN: "short" } });
    expect(JSON.stringify(config)).not.toContain('"console"');
  }
});

test("the token may lie in a file, and is not a short one", () => {
  const files = { token: `${CONSOLE_TOKEN}\n` };
  const console = load({ env: { CONSOLE_TOKEN_FILE: "token" }, files }).web?.console;
  expect(console?.token.reveal()).toBe(CONSOLE_TOKEN);
  expect(findingsOf({ env: { CONSOLE_TOKEN: "fifteen-letters" } })).toEqual([
    "CONSOLE_TOKEN is shorter than 16 characters; make one with: openssl rand -hex 24",
  ]);
});

function yml(url: string): string {
  return `${goodYml}console: { publicUrl: "${url}" }\n`;
}

test("publicUrl is an address without a path", () => {
  const loaded = load({ yml: yml("https://signalman.example/"), env: { CONSOLE_TOKEN } });
  expect(loaded.web?.console?.publicUrl).toBe("https://signalman.example");
  for (const wrong of [
    "https://signalman.example/console",
    "signalman.example",
    "https://a:b@signalman.example",
    "javascript:alert(1)",
    `https://${"long.".repeat(30)}example`,
  ]) {
    expect(findingsOf({ yml: yml(wrong), env: { CONSOLE_TOKEN } }).join()).toMatch(/console\.publicUrl/);
  }
});

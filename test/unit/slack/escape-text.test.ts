import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { code, mrkdwn, plain } from "../../../src/adapters/slack/escape-text.ts";
import { dangersIn, invisibleIn } from "./slack-text.ts";

const nasty = array(
  oneof(
    constantFrom(
      "<",
      ">",
      "&",
      "`",
      "*",
      "_",
      "~",
      "@here",
      "@channel",
      "!",
      "|",
      "^",
      ":",
      "://",
      "\n",
      "\u202e",
    ),
    constantFrom("\u200b", "\ud800", "&lt;", "<!channel>", "<@U0BOSS>", ":tada:", "```", "https://e.example"),
    string({ unit: "binary", maxLength: 4 }),
  ),
  { maxLength: 30 },
).map((parts) => parts.join(""));

describe("text of others", () => {
  it("pings nobody, links nowhere, formats nothing and hides nothing, whatever it is", () => {
    assert(
      property(nasty, (text) => {
        const escaped = mrkdwn(text);
        expect(dangersIn(escaped)).toEqual([]);
        expect(escaped).not.toMatch(/[`*~\n]/);
        expect(escaped).not.toMatch(/(^|[^\p{L}\p{N}])_|_($|[^\p{L}\p{N}])/u);
        expect(escaped).not.toMatch(/:[a-z0-9_+'-]*[a-z][a-z0-9_+'-]*:/i);
        expect(dangersIn(code(text).slice(1, -1))).toEqual([]);
        expect(code(text).slice(1, -1)).not.toContain("`");
        expect(invisibleIn(plain(text))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it("is cut where it is too long, whole characters only", () => {
    expect(plain("x".repeat(500), 100)).toHaveLength(100);
    expect(plain(`${"x".repeat(98)}😀y`, 100)).toBe(`${"x".repeat(98)}…`);
  });

  it("does not grow past twice its limit by being escaped", () => {
    expect(mrkdwn("&".repeat(600), 500).length).toBeLessThanOrEqual(1000);
    expect(mrkdwn("&".repeat(50), 500)).toBe("&amp;".repeat(50));
  });

  it("stays readable", () => {
    expect(mrkdwn("p95 of support_answer_profile at 12:30:45 is > 2 s & rising")).toBe(
      "p95 of support_answer_profile at 12:30:45 is &gt; 2 s &amp; rising",
    );
    expect(mrkdwn("*Approved by <@U0BOSS>* :white_check_mark:")).toBe(
      "∗Approved by &lt;@U0BOSS&gt;∗ ∶white_check_mark:",
    );
    expect(code("support_answer_profile")).toBe("`support_answer_profile`");
  });
});

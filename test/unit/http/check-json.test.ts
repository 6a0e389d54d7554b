import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkJson, maxJsonDepth } from "../../../src/adapters/http/check-json.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "utf8");

describe("checkJson", () => {
  it("agrees with JSON.parse on every text that is not deep", () => {
    const texts = fc.oneof(
      fc.json({ maxDepth: 20 }),
      fc.string(),
      fc.stringMatching(/^[[\]{}",:\\0-9a-z ]*$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(checkJson(bytes(text)) === null).toBe(isJson(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("counts levels, but not the signs inside texts", () => {
    const nested = (levels: number): Buffer => bytes("[".repeat(levels) + "]".repeat(levels));
    expect(checkJson(nested(maxJsonDepth))).toBeNull();
    expect(checkJson(nested(maxJsonDepth + 1))).toMatchObject({ status: 422, code: "too-deep" });
    expect(checkJson(bytes(JSON.stringify(`\\"${"[{".repeat(200)}`)))).toBeNull();
    expect(checkJson(bytes("[[],".repeat(50) + "1" + "]".repeat(50)))).toBeNull();
  });

  it("takes no longer than a moment for the worst of 256 KB", () => {
    const started = performance.now();
    expect(checkJson(bytes("[".repeat(262_144)))).toMatchObject({ status: 422 });
    expect(checkJson(bytes(`"${"\\\\".repeat(131_000)}`))).toMatchObject({ status: 400 });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it.each([
    [Buffer.alloc(0), "The body is empty."],
    [Buffer.from([0x22, 0xff, 0x22]), "The body is not valid UTF-8."],
    [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "The body is not valid UTF-8."],
    [bytes("\u{FEFF}{}"), "The body begins with a byte order mark; send it without."],
    [bytes('{"a":1}}'), "The body is not valid JSON at position 7 (line 1 column 8)."],
    [bytes('{"secret":'), "The body is not valid JSON."],
  ])("says what is wrong with %s and quotes none of it", (body, detail) => {
    expect(checkJson(body)).toMatchObject({ status: 400, detail });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

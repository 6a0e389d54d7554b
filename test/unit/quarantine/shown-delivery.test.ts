import { expect, it } from "vitest";
import { deliveryText } from "../../../src/commands/quarantine/delivery-text.ts";
import { shownDelivery } from "../../../src/pipeline/console/shown-delivery.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import type { KeptDelivery } from "../../../src/pipeline/ports/storage.ts";
import { delivery } from "../../contract/storage/story-of-streams.ts";

function kept(body: string | Uint8Array, reason = "unreadable"): KeptDelivery {
  return {
    ...delivery("alerts", null),
    headers: { "x-event": "push\u001b[2J" },
    body: Buffer.from(body),
    receivedAt: toInstant(0),
    attempts: 1,
    trace: null,
    settlement: { outcome: "quarantined", reason },
    requeues: [],
  };
}

it("shows what came so that a terminal obeys nothing in it", () => {
  const text = deliveryText(
    shownDelivery(kept('{"a":"\u001b]0;owned\u0007\r\u202e\u2028","b":1}\n\tx', "\u001b[31mred\u009b")),
  );
  expect(text).toContain('{"a":"\\u{1b}]0;owned\\u{7}\\u{d}\\u{202e}\\u{2028}","b":1}\n\tx');
  expect(text).toContain("\\u{1b}[31mred\\u{9b}");
  expect(text).toContain("x-event: push\\u{1b}[2J");
  expect(text).not.toMatch(/[^\P{C}\n\t]/u);
});

it("takes credentials out before it cuts", () => {
  const secret = ["xoxb", "1234567890", "abcdefghijk"].join("-");
  const shown = shownDelivery(kept(`${" ".repeat(7990)}${secret} and more`));
  expect(shown.isCut).toBe(true);
  expect(shown.body).not.toContain("xoxb-");
  expect(deliveryText(shown)).toContain("… cut; it has");
});

it("shows bytes that are no text", () => {
  const shown = shownDelivery(kept(Uint8Array.from([0xff, 0xfe, 0, 0x41])));
  expect(shown).toMatchObject({ size: 4, isCut: false, body: "\uFFFD\uFFFD\\u{0}A" });
});

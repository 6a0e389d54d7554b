import { describe, expect, it } from "vitest";
import { parseDelivery } from "../../../../src/adapters/http/parse-delivery.ts";
import { loadRecorded } from "../../../support/recorded-featbit.ts";
import { typed } from "../../../support/typed.ts";
import { readAs, reasonOf, receivedAt, sourceOf } from "./read-as.ts";

const environmentId = "8b3014de-b21e-4961-be76-c6807bbe44f1";

/** What a running FeatBit 5.4.2 sent, byte for byte. */
const recorded = loadRecorded("webhooks").flatMap((entry) =>
  typed<{ rawBody: string; bodyIsJson: boolean }[]>(entry["deliveries"] ?? [])
    .filter(({ bodyIsJson }) => bodyIsJson)
    .map(({ rawBody }) => ({ id: entry.id, rawBody })),
);

const read = (rawBody: string) =>
  parseDelivery({ sourceId: "one", body: Buffer.from(rawBody), receivedAt, headers: {} }, [
    sourceOf("featbit"),
  ]);

function keyReadFrom(key: string): unknown {
  const hint = readAs("featbit", {
    environment: { id: "e" },
    data: { kind: "feature flag", object: { key } },
  });
  return hint.kind === "flag_hint" ? hint.hints[0]?.flagKey : hint;
}

describe("featbit", () => {
  it("has deliveries to read", () => {
    expect(recorded.length).toBeGreaterThan(40);
  });

  it.each(recorded.filter(({ id }) => !id.startsWith("segment-")))(
    "takes $id for a hint at its flag",
    ({ rawBody }) => {
      const sent = typed<{ data: { object: { key: string } } }>(JSON.parse(rawBody));
      expect(read(rawBody)).toEqual({
        kind: "flag_hint",
        hints: [{ environmentId, flagKey: sent.data.object.key }],
      });
    },
  );

  it("takes a segment for a hint at the flags that use it", () => {
    const referenced = recorded.filter(({ id }) => id === "segment-referenced");
    expect(referenced.map(({ rawBody }) => read(rawBody))).toEqual([
      { kind: "flag_hint", hints: [{ environmentId, flagKey: "seg-ref" }] },
    ]);
    expect(readAs("featbit", "featbit-segment-shared")).toEqual({
      kind: "flag_hint",
      hints: [
        { environmentId, flagKey: "a_flag" },
        { environmentId: "11111111-b21e-4961-be76-c6807bbe44f1", flagKey: "b.flag" },
      ],
    });
    const unused = recorded.filter(({ id }) => id === "segment-deleted");
    expect(unused.map(({ rawBody }) => read(rawBody).kind)).toEqual(["nothing"]);
  });

  it("reads through the escapes of FeatBit's template", () => {
    expect(keyReadFrom("a&amp;b&lt;c&gt;&quot;&#252;&#xe9;")).toBe('a&b<c>"üé');
    expect(keyReadFrom("a&amp;lt;b")).toBe("a&lt;b");
    expect(keyReadFrom("&#55357;&#56832;")).toBe("😀");
    expect(keyReadFrom("&#9999999;x")).toBe("&#9999999;x");
  });

  it("knows a segment's event without data.kind", () => {
    expect(
      readAs("featbit", { event: "segment.deleted", environment: { id: "e" }, data: { object: {} } }).kind,
    ).toBe("nothing");
  });

  it("names the member that is missing", () => {
    expect(reasonOf("featbit", { a: 1 })).toBe("environment.id: missing");
    expect(reasonOf("featbit", { environment: { id: "e" }, data: { kind: "odd" } })).toContain("data.kind");
    expect(
      reasonOf("featbit", {
        environment: { id: "e" },
        data: { kind: "feature flag", object: { key: "a b" } },
      }),
    ).toContain("data.object.key");
  });
});

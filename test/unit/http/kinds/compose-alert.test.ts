import { describe, expect, it } from "vitest";
import { Alert } from "../../../../src/domain/alert.ts";
import { composeAlert } from "../../../../src/adapters/http/kinds/compose-alert.ts";
import { toPastInstant } from "../../../../src/adapters/http/kinds/normalise.ts";
import { entriesOf, membersOf, tagsOf, unquoted } from "../../../../src/adapters/http/kinds/peek.ts";
import { receivedAt } from "./read-as.ts";

const compose = (pieces: Partial<Parameters<typeof composeAlert>[0]>): Alert =>
  Alert.parse(composeAlert({ status: "firing", title: [], ...pieces }, "one", receivedAt));

describe("composeAlert", () => {
  it("takes the first usable of what stands there", () => {
    expect(
      compose({
        title: [null, {}, "  ", "Too hot"],
        severity: ["unheard of", "P2"],
        startedAt: ["soon", "2030-01-01T00:00:00Z", "2026-05-04T08:00:00Z"],
      }),
    ).toMatchObject({ title: "Too hot", severity: "error", startedAt: "2026-05-04T08:00:00.000Z" });
  });

  it("makes an alert of nothing", () => {
    expect(compose({})).toMatchObject({ title: "Alert of one", severity: "warning", startedAt: receivedAt });
  });

  it("says nothing twice", () => {
    expect(compose({ title: ["A"], summary: ["A", "b", "b", "c"] }).summary).toBe("b — c");
    expect(compose({ title: ["A"], summary: ["A"] }).summary).toBe("A");
  });

  it("ends when the source says, or now", () => {
    expect(compose({ endedAt: ["2026-05-04T08:00:00Z"] }).endedAt).toBeNull();
    expect(compose({ status: "resolved", endedAt: [] }).endedAt).toBe(receivedAt);
  });

  it("puts places under the names that the catalogue looks for, and leaves those that are there", () => {
    expect(
      compose({ labels: [{ "Service-Name": "a", ENV: "b", instance: "c", awsRegion: "d" }] }).labels,
    ).toEqual({
      service: "a",
      environment: "b",
      host: "c",
      region: "d",
      "Service-Name": "a",
      ENV: "b",
      instance: "c",
      awsRegion: "d",
    });
    expect(compose({ labels: [{ app: "a", service: "b" }, { service: "c" }] }).labels).toEqual({
      app: "a",
      service: "c",
    });
  });

  it("keeps places within the limit of labels", () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`label${at}`, "x"]));
    const { labels } = compose({ labels: [many, { app: "shop" }] });
    expect(Object.keys(labels)).toHaveLength(100);
    expect(labels["service"]).toBe("shop");
  });
});

describe("toPastInstant", () => {
  it.each([
    [1777882200, "2026-05-04T08:10:00.000Z"],
    ["1777882200", "2026-05-04T08:10:00.000Z"],
    ["1777882200.25", "2026-05-04T08:10:00.250Z"],
    [1777882200123, "2026-05-04T08:10:00.123Z"],
    [1777882200123456, "2026-05-04T08:10:00.123Z"],
    ["1777882200123456789", "2026-05-04T08:10:00.123Z"],
    ["2026-05-04 08:10:00", "2026-05-04T08:10:00.000Z"],
    ["2026-05-04T08:10:00.093+0000", "2026-05-04T08:10:00.093Z"],
    ["2026-05-04T10:10:00+02:00", "2026-05-04T08:10:00.000Z"],
    ["2026-05-04T08:10:00.1234567Z", "2026-05-04T08:10:00.123Z"],
    ["2026-05-04 08:10:00 UTC", "2026-05-04T08:10:00.000Z"],
  ])("reads %s", (text, instant) => {
    expect(toPastInstant(text, receivedAt)).toBe(instant);
  });

  it.each([
    0,
    -1,
    "0",
    "9".repeat(19),
    "0001-01-01T00:00:00Z",
    "2026-05-04T09:30:00Z",
    "2026-99-99T00:00:00Z",
    "x".repeat(99),
    {},
  ])("takes %s for no time", (value) => {
    expect(toPastInstant(value, receivedAt)).toBeNull();
  });
});

describe("peek", () => {
  it("reads tags in the forms that vendors give them", () => {
    const tags = { env: "prod", url: "http://a:1", alone: "true" };
    expect({ ...tagsOf(["env:prod", "url:http://a:1", "alone", "env:later", 7]) }).toEqual(tags);
    expect({ ...tagsOf("[AWS]env:prod, url=http://a:1,alone") }).toEqual(tags);
    expect({
      ...tagsOf([{ key: "env", value: "prod" }, { name: "url", value: "http://a:1" }, { key: "alone" }]),
    }).toEqual(tags);
    expect({ ...tagsOf([{ Key: "env", Value: "prod" }]) }).toEqual({ env: "prod" });
    expect({ ...tagsOf({ env: "prod" }) }).toEqual({ env: "prod" });
    expect({ ...tagsOf(null) }).toEqual({});
  });

  it("takes members out of objects only, and never from a prototype", () => {
    expect(membersOf(JSON.parse('{"__proto__":{"a":1}}'))["a"]).toBeUndefined();
    expect(membersOf({})["constructor"]).toBeUndefined();
    expect([membersOf(null), membersOf([1]), membersOf("a")].map((one) => Object.keys(one))).toEqual([
      [],
      [],
      [],
    ]);
  });

  it("takes one for a list of one", () => {
    expect([entriesOf(1), entriesOf([1, 2]), entriesOf(null), entriesOf("")]).toEqual([[1], [1, 2], [], []]);
  });

  it("opens JSON that stands in a text, and leaves other texts alone", () => {
    expect([unquoted(' {"a":1}'), unquoted("[1"), unquoted("plain"), unquoted(7)]).toEqual([
      { a: 1 },
      "[1",
      "plain",
      7,
    ]);
  });
});

import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { entrancesOf } from "../../../src/adapters/http/entrance.ts";
import { internet } from "../../../src/adapters/http/sns/get-pinned.ts";
import { Source } from "../../../src/domain/source.ts";
import { asRequest } from "./as-request.ts";

const secret = "It's a Secret to Everybody";
const now = Date.parse("2026-11-21T12:00:00.000Z");
const seconds = now / 1000;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

type Shown = Record<string, string>;

/** Whether a request with these headers and this body passes as a source so declared. */
function passes(
  declared: Record<string, unknown>,
  headers: Shown,
  body = "Hello, World!",
  own = secret,
): boolean {
  const source = Source.parse({ id: "one", secretEnv: "A_SECRET", ...declared });
  const clock = { now: () => now, monotonic: () => 0 };
  const closing = AbortSignal.abort();
  const entrances = entrancesOf([{ source, secret: own }], { net: internet, clock, log: silent, closing });
  const look = entrances.get("one")?.lock(asRequest(headers));
  if (look?.kind !== "signed") return look?.kind === "proven";
  return look.judge(Buffer.from(body)) === null;
}

function hmac(text: string, own = secret): string {
  return createHmac("sha256", own).update(text).digest("hex");
}

/** The vector that GitHub and FeatBit publish for this secret and "Hello, World!". */
const published = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

function pagerDutyPasses(value: string): boolean {
  return passes({ kind: "pagerduty" }, { "x-pagerduty-signature": value });
}

function basic(text: string): Shown {
  return { authorization: `Basic ${Buffer.from(text).toString("base64")}` };
}

describe("vendors' signatures", () => {
  it.each([
    ["github", "x-hub-signature-256", `sha256=${published}`],
    ["featbit", "x-featbit-signature-256", `sha256=${published}`],
    ["sentry", "sentry-hook-signature", published],
    ["grafana", "x-grafana-alerting-signature", published],
    ["pagerduty", "x-pagerduty-signature", `v1=${published}`],
  ])("of %s: the published vector passes, another body or header does not", (kind, header, value) => {
    expect(passes({ kind }, { [header]: value })).toBe(true);
    expect(passes({ kind }, { [header]: value }, "Hello, World?")).toBe(false);
    expect(passes({ kind }, { "x-signalman-signature": value })).toBe(false);
    expect(passes({ kind }, { authorization: `Bearer ${secret.replaceAll(" ", "")}` })).toBe(false);
    expect(passes({ kind }, {})).toBe(false);
  });

  it("may be replaced by one of ours", () => {
    expect(passes({ kind: "github", auth: "bearer" }, { authorization: "Bearer s3cret" }, "", "s3cret")).toBe(
      true,
    );
    expect(passes({ kind: "github", auth: "bearer" }, { "x-hub-signature-256": `sha256=${published}` })).toBe(
      false,
    );
  });

  it("as an HMAC of ours: in hex, or in base64 as Splunk Observability writes it, and in that notation only", () => {
    const header = "X-SFX-Signature";
    const splunk = { kind: "splunk", auth: "hmac", encoding: "base64", header };
    const mac = createHmac("sha256", secret).update("Hello, World!").digest("base64");
    const shown = (value: string, declared: Record<string, unknown> = splunk) =>
      passes(declared, { "x-sfx-signature": value });
    expect([shown(mac), shown(`sha256=${mac}`), passes(splunk, { "x-sfx-signature": mac }, "Hello")]).toEqual(
      [true, true, false],
    );
    const last = mac.at(-2) ?? "";
    // The two bits that the last sign has beyond the bytes; the alphabet of addresses; without its filling.
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const loose = `${mac.slice(0, -2)}${alphabet[alphabet.indexOf(last) + 1] ?? ""}=`;
    expect(Buffer.from(loose, "base64")).toEqual(Buffer.from(mac, "base64"));
    for (const odd of [loose, mac.replaceAll("=", ""), `${mac}=`, ` ${mac}`, published]) {
      expect([odd, shown(odd)]).toEqual([odd, false]);
    }
    expect(shown(published, { ...splunk, encoding: "hex" })).toBe(true);
    expect(shown(mac, { ...splunk, encoding: "hex" })).toBe(false);
  });

  it("of PagerDuty: any of several, in a list that other entries may stand in", () => {
    const other = hmac("Hello, World!", "another secret");
    expect(pagerDutyPasses(`v1=${other},v1=${published}`)).toBe(true);
    expect(pagerDutyPasses(`v2=abc, v1=${published}`)).toBe(true);
    expect(pagerDutyPasses(`v1=${other}`)).toBe(false);
    expect(pagerDutyPasses(`v2=${published}`)).toBe(false);
    expect(pagerDutyPasses(published)).toBe(false);
    expect(pagerDutyPasses(`${`v1=${other},`.repeat(10)}v1=${published}`)).toBe(false);
  });

  it("of Grafana with a time: signed with it, of now, and not without it", () => {
    const shown = (at: number | string, signedAt = at, more: Record<string, unknown> = {}) =>
      passes(
        { kind: "grafana", ...more },
        {
          "x-grafana-alerting-signature": hmac(`${signedAt}:Hello, World!`),
          "x-grafana-alerting-timestamp": String(at),
        },
      );
    expect([-301, -300, 0, 300, 301].map((off) => shown(seconds + off))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(shown(seconds, seconds - 1)).toBe(false);
    for (const odd of [
      `${seconds}abc`,
      ` ${seconds}`,
      `+${seconds}`,
      `${seconds}.0`,
      "",
      "1e9",
      `${seconds}000`,
    ]) {
      expect([odd, shown(odd)]).toEqual([odd, false]);
    }
    // The header absent: what was signed with a time is not what is due then.
    expect(
      passes({ kind: "grafana" }, { "x-grafana-alerting-signature": hmac(`${seconds}:Hello, World!`) }),
    ).toBe(false);
    // The header added to a signature without one.
    expect(
      passes(
        { kind: "grafana" },
        { "x-grafana-alerting-signature": published, "x-grafana-alerting-timestamp": String(seconds) },
      ),
    ).toBe(false);
    expect(
      passes(
        { kind: "grafana", timestampHeader: "X-At" },
        { "x-grafana-alerting-signature": hmac(`${seconds}:Hello, World!`), "x-at": String(seconds) },
      ),
    ).toBe(true);
  });
});

describe("Standard Webhooks", () => {
  // The example of the specification's own libraries.
  const own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const payload = '{"test": 2432232314}';
  const sign = (at: number, key = Buffer.from(own.slice(6), "base64")): string =>
    createHmac("sha256", key).update(`msg_p5jXN8AQM9LWM0D4loKWxJek.${at}.${payload}`).digest("base64");
  const shown = (more: Shown, text = payload, key = own) =>
    passes(
      { kind: "generic", auth: "standard_webhooks" },
      {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": String(seconds),
        "webhook-signature": `v1,${sign(seconds)}`,
        ...more,
      },
      text,
      key,
    );

  it("passes with any of several signatures of version 1", () => {
    expect(shown({})).toBe(true);
    const right = sign(seconds);
    expect(shown({ "webhook-signature": `v1a,xyz v1,${"A".repeat(43)}= v1,${right}` })).toBe(true);
    expect(shown({ "webhook-signature": `v2,${right}` })).toBe(false);
    expect(shown({ "webhook-signature": right })).toBe(false);
    expect(shown({ "webhook-signature": `v1,${right.replace("=", "")}` })).toBe(false);
  });

  it("is of now, both ways", () => {
    const at = [-301, -300, 300, 301].map((off) =>
      shown({ "webhook-timestamp": String(seconds + off), "webhook-signature": `v1,${sign(seconds + off)}` }),
    );
    expect(at).toEqual([false, true, true, false]);
  });

  it("takes a plain secret, and refuses to start with a whsec_ that is none", () => {
    const plain = "a plain secret of some length";
    expect(shown({ "webhook-signature": `v1,${sign(seconds, Buffer.from(plain))}` }, payload, plain)).toBe(
      true,
    );
    expect(() => shown({}, payload, "whsec_not*base64")).toThrow(
      'The secret of the source "one" begins with whsec_',
    );
    expect(() => shown({}, payload, "whsec_c2hvcnQ=")).toThrow("at least 16 bytes");
  });
});

describe("secrets", () => {
  it("as HTTP Basic: the source's id or its declared user, and no other notation of the same", () => {
    expect(passes({ kind: "splunk" }, basic("one:pässword"), "", "pässword")).toBe(true);
    expect(passes({ kind: "splunk", user: "splunk" }, basic("splunk:p:w"), "", "p:w")).toBe(true);
    expect(passes({ kind: "splunk" }, basic("two:password"), "", "password")).toBe(false);
    expect(passes({ kind: "splunk" }, basic("one:passwore"), "", "password")).toBe(false);
    const padded = basic("one:password1")["authorization"] ?? "";
    expect(padded).toMatch(/==$/);
    expect(passes({ kind: "splunk" }, { authorization: padded }, "", "password1")).toBe(true);
    expect(passes({ kind: "splunk" }, { authorization: padded.slice(0, -2) }, "", "password1")).toBe(false);
    expect(passes({ kind: "splunk" }, { authorization: padded.replace("==", "=") }, "", "password1")).toBe(
      false,
    );
  });

  it("as a header of its own", () => {
    const declared = { kind: "datadog", auth: "header", header: "X-Token" };
    expect(passes(declared, { "x-token": "s3cret" }, "", "s3cret")).toBe(true);
    expect(passes(declared, { "x-token": "s3cre" }, "", "s3cret")).toBe(false);
    expect(passes(declared, { authorization: "Bearer s3cret" }, "", "s3cret")).toBe(false);
    expect(passes(declared, {}, "", "s3cret")).toBe(false);
  });

  it.each([
    "alertmanager",
    "grafana",
    "datadog",
    "pagerduty",
    "sentry",
    "splunk",
    "github",
    "featbit",
    "generic",
  ])("are needed: %s does not start without", (kind) => {
    expect(() => passes({ kind }, {}, "", "")).toThrow('The source "one" has no secret');
  });
});

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { CorrelationId, DeliveryId } from "../../../src/domain/ids.ts";
import { createRelay } from "../../../src/pipeline/relay.ts";
import { until } from "../../support/until.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function deliveryOf(sourceId: string) {
  const id = crypto.randomUUID();
  return {
    id: DeliveryId.parse(id),
    correlationId: CorrelationId.parse(id),
    sourceId,
    deliveryKey: null,
    headers: {},
    body: new Uint8Array(),
  };
}

function createPatientBell() {
  const rings: string[] = [];
  const answers: (() => void)[] = [];
  return {
    rings,
    answer: () => answers.shift()?.(),
    ring: (_: string, subject: string) => {
      rings.push(subject);
      return new Promise<void>((resolve) => answers.push(resolve));
    },
  };
}

describe("ringing for what was accepted", () => {
  it("is at once for the first of a source, and for another source", () => {
    const bell = createPatientBell();
    const relay = createRelay(bell, silent);
    relay.ringSources([deliveryOf("a"), deliveryOf("a"), deliveryOf("b")]);
    expect(bell.rings).toEqual(["a", "b"]);
  });

  it("happens once more, and only once, for all that came while the last ring was under way", async () => {
    const bell = createPatientBell();
    const relay = createRelay(bell, silent);
    for (let count = 0; count < 50; count += 1) relay.ringSources([deliveryOf("a")]);
    await delay(60);
    expect(bell.rings).toEqual(["a"]);
    bell.answer();
    await until("the second ring", () => bell.rings.length === 2);
    bell.answer();
    await delay(60);
    expect(bell.rings).toEqual(["a", "a"]);
    relay.ringSources([deliveryOf("a")]);
    expect(bell.rings).toEqual(["a", "a", "a"]);
  });

  it("is tried again with the next delivery where the bell is broken", async () => {
    const rings: string[] = [];
    const relay = createRelay(
      { ring: (_, subject) => (rings.push(subject), Promise.reject(new Error("no bell"))) },
      silent,
    );
    relay.ringSources([deliveryOf("a")]);
    await delay(60);
    relay.ringSources([deliveryOf("a")]);
    expect(rings).toEqual(["a", "a"]);
  });
});

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { NewDelivery } from "../../../src/pipeline/ports/storage.ts";
import type { Given } from "./given.ts";
import { delivery } from "./story-of-streams.ts";

export function inboxConformance(given: Given): void {
  describe("inbox", () => {
    it("keeps the raw bytes, whatever they are", async () => {
      const bytes = Buffer.from([0, 255, 34, 0, 237, 160, 128]);
      const sent = { ...delivery("raw", "k"), body: bytes };
      expect(await given.store.inbox.accept(sent)).toEqual({ kind: "accepted" });
      const [claimed] = await given.store.inbox.claim("raw", 10, 1_000);
      expect(Buffer.compare(claimed?.body ?? Buffer.alloc(0), bytes)).toBe(0);
      expect(claimed).toMatchObject({ id: sent.id, headers: sent.headers, attempts: 1 });
    });

    it("takes one of many redeliveries at once and names it to the others", async () => {
      const same = Array.from({ length: 250 }, () => delivery("storm", "same\0key"));
      const answers = await Promise.all(same.map((each) => given.store.inbox.accept(each)));
      const accepted = same.filter((_, index) => answers[index]?.kind === "accepted");
      expect(accepted).toHaveLength(1);
      const of = accepted[0]?.correlationId;
      expect(answers.filter((answer) => answer.kind === "duplicate" && answer.of === of)).toHaveLength(249);
    });

    it("accepts the same delivery again when its first answer was lost", async () => {
      const once = delivery("retry", null);
      await given.store.inbox.accept(once);
      expect(await given.store.inbox.accept(once)).toEqual({ kind: "accepted" });
      expect(await given.store.inbox.claim("retry", 10, 1_000)).toHaveLength(1);
    });

    it("gives the oldest to one worker, nothing to another meanwhile, and all again when its lease ran out", async () => {
      const sent = Array.from({ length: 30 }, () => delivery("shared", null));
      for (const each of sent) await given.store.inbox.accept(each);
      expect(await given.store.inbox.waitingSources()).toContain("shared");
      const claims = await Promise.all(
        Array.from({ length: 5 }, () => given.store.inbox.claim("shared", 10, 300)),
      );
      // Whoever got a later one could take in what is resolved before what was firing.
      expect(claims.map((claim) => claim.length).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 10]);
      expect(claims.flat().map(({ id }) => id)).toEqual(sent.slice(0, 10).map(({ id }) => id));
      expect(await given.store.inbox.waitingSources()).not.toContain("shared");
      await delay(400);
      expect(await given.store.inbox.waitingSources()).toContain("shared");
      const again = await given.store.inbox.claim("shared", 100, 300);
      expect(again.map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
      expect(again.map(({ attempts }) => attempts)).toEqual(sent.map((_, index) => (index < 10 ? 2 : 1)));
    });

    it("gives the next ones once the earlier ones are settled", async () => {
      const sent = Array.from({ length: 3 }, () => delivery("in-turn", null));
      for (const each of sent) await given.store.inbox.accept(each);
      const [first] = await given.store.inbox.claim("in-turn", 1, 60_000);
      expect(await given.store.inbox.claim("in-turn", 10, 60_000)).toEqual([]);
      const settlement = { outcome: "quarantined" as const, reason: "unreadable" };
      if (first === undefined) throw new Error("nothing was claimed");
      await given.store.ledger.commit({ writes: [], settle: [{ id: first.id, settlement }] });
      const rest = await given.store.inbox.claim("in-turn", 10, 60_000);
      expect(rest.map(({ id }) => id)).toEqual(sent.slice(1).map(({ id }) => id));
    });

    it("takes back what a worker gives up, as if it had not been claimed, and only from its holder", async () => {
      const sent = Array.from({ length: 3 }, () => delivery("given-back", null));
      for (const each of sent) await given.store.inbox.accept(each);
      const late = await given.store.inbox.claim("given-back", 10, 50);
      await delay(100);
      const held = await given.store.inbox.claim("given-back", 10, 60_000);
      await given.store.inbox.release(late);
      expect(await given.store.inbox.claim("given-back", 10, 60_000)).toEqual([]);
      await given.store.inbox.release(held);
      expect(await given.store.inbox.waitingSources()).toContain("given-back");
      const again = await given.store.inbox.claim("given-back", 10, 60_000);
      expect(again.map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
      expect(again.map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
    });

    it("settles a delivery once", async () => {
      const { id } = await acceptOne(given, "settled");
      const settle = [{ id, settlement: { outcome: "quarantined" as const, reason: "unreadable \0" } }];
      expect(await given.store.ledger.commit({ writes: [], settle })).toEqual({ kind: "committed" });
      expect(await given.store.ledger.commit({ writes: [], settle })).toEqual({ kind: "lease_lost" });
      expect(await given.store.inbox.claim("settled", 10, 100)).toEqual([]);
      expect(await given.store.inbox.quarantined(1)).toMatchObject([
        { id, sourceId: "settled", reason: "unreadable \0" },
      ]);
    });
  });
}

async function acceptOne(given: Given, sourceId: string): Promise<NewDelivery> {
  const one = delivery(sourceId, null);
  await given.store.inbox.accept(one);
  return one;
}

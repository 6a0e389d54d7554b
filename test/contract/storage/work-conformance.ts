import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { later } from "../../../src/domain/ids.ts";
import { correlationId } from "../../support/change-fixtures.ts";
import { follow, openIncident, put, type Given } from "./given.ts";
import { acknowledged, incidentWrite, newChangeId } from "./story-of-streams.ts";

export function workConformance(given: Given): void {
  describe("work", () => {
    it("is claimed once, renewed, and finished with the commit that does it", async () => {
      const { id } = await openIncident(given);
      await put(given, follow("investigate", id));
      expect(given.rung.at(-1)).toEqual(follow("investigate", id));
      const claims = await Promise.all(
        Array.from({ length: 10 }, () => given.store.work.claim("investigate", id, 5_000)),
      );
      const [item, ...rest] = claims.filter((claim) => claim !== null);
      expect(rest).toEqual([]);
      if (item === undefined) throw new Error("nobody got it");
      expect(item).toMatchObject({ stage: "investigate", subject: id, correlationId, attempt: 1 });
      expect(await given.store.work.renew(item, 5_000)).toBe(true);
      const done = { writes: [incidentWrite(id, 1, [acknowledged("Ruth")])], finish: item };
      expect(await given.store.ledger.commit(done)).toEqual({ kind: "committed" });
      expect(await given.store.work.renew(item, 5_000)).toBe(false);
      expect(await given.store.ledger.commit({ ...done, writes: [] })).toEqual({ kind: "lease_lost" });
    });

    it("goes to somebody else when its lease ran out, and then the first may write nothing", async () => {
      const { id } = await openIncident(given);
      await put(given, follow("investigate", id));
      const first = await given.store.work.claim("investigate", id, 100);
      await delay(200);
      const waiting = await given.store.work.waiting(await given.store.now(), 1000);
      expect(waiting.map(({ subject }) => subject)).toContain(id);
      const second = await given.store.work.claim("investigate", id, 5_000);
      if (first === null || second === null) throw new Error("both must have got it");
      expect(second).toMatchObject({ workId: first.workId, epoch: first.epoch + 1, attempt: 2 });
      const late = { writes: [incidentWrite(id, 1, [acknowledged("late")])], finish: first };
      expect(await given.store.ledger.commit(late)).toEqual({ kind: "lease_lost" });
      expect(await given.store.ledger.incident(id)).toMatchObject({ version: 1 });
      expect(await given.store.work.renew(first, 5_000)).toBe(false);
      expect(await given.store.work.retry(first, await given.store.now(), "late")).toBe(false);
      expect(await given.store.work.park(first, "late")).toBe(false);
      expect(await given.store.work.finish(second)).toBe(true);
    });

    it("waits once per stage and subject, for the earlier time, and beside a row being worked on", async () => {
      const subject = newChangeId();
      const now = await given.store.now();
      await put(given, follow("verify", subject, later(now, 60_000)));
      await put(given, follow("verify", subject, later(now, 90_000)));
      expect(await given.store.work.claim("verify", subject, 1_000)).toBeNull();
      await put(given, follow("verify", subject));
      const held = await given.store.work.claim("verify", subject, 5_000);
      expect(held).not.toBeNull();
      expect(await given.store.work.claim("verify", subject, 5_000)).toBeNull();
      await put(given, follow("verify", subject));
      const waiting = await given.store.work.waiting(later(await given.store.now(), 1_000), 1000);
      expect(waiting.filter((row) => row.subject === subject)).toHaveLength(1);
    });

    it("is never held twice for one stage and subject", async () => {
      const subject = newChangeId();
      await put(given, follow("notify", subject));
      const first = await given.store.work.claim("notify", subject, 300);
      if (first === null) throw new Error("expected work");
      await put(given, follow("notify", subject));
      expect(await given.store.work.claim("notify", subject, 5_000)).toBeNull();
      expect(await given.store.work.claim("verify", subject, 5_000)).toBeNull();

      await delay(400); // one whose worker died, one that waits: still one at a time
      const claims = await Promise.all(
        Array.from({ length: 10 }, () => given.store.work.claim("notify", subject, 5_000)),
      );
      const [held, ...rest] = claims.filter((claim) => claim !== null);
      expect(rest).toEqual([]);
      if (held === undefined) throw new Error("nobody got it");
      expect(await given.store.work.finish(held)).toBe(true);
      const other = await given.store.work.claim("notify", subject, 5_000);
      expect(other?.workId).not.toBe(held.workId);
      expect(other).not.toBeNull();
    });

    it("waits beside however much work of other stages", async () => {
      const now = await given.store.now();
      const old = later(now, -86_400_000);
      const crowd = Array.from({ length: 30 }, () => follow("review", newChangeId(), old));
      await given.store.ledger.commit({ writes: [], followUps: crowd });
      const subject = newChangeId();
      await put(given, follow("execute", subject, later(now, -1_000)));
      const waiting = await given.store.work.waiting(now, 5);
      expect(waiting.map((row) => row.subject)).toContain(subject);
      expect(waiting.filter(({ stage }) => stage === "review")).toHaveLength(5);
      expect(waiting.map(({ dueAt }) => dueAt)).toEqual(waiting.map(({ dueAt }) => dueAt).toSorted());
    });

    it("becomes one row with new work when it is to be tried again", async () => {
      const subject = newChangeId();
      await put(given, follow("verify", subject));
      const held = await given.store.work.claim("verify", subject, 5_000);
      if (held === null) throw new Error("expected work");
      await put(given, follow("verify", subject, later(await given.store.now(), 60_000)));
      expect(await given.store.work.retry(held, await given.store.now(), "telemetry \0 away")).toBe(true);
      await delay(5);
      expect(await given.store.work.claim("verify", subject, 5_000)).toMatchObject({ attempt: 2 });
      expect(await given.store.work.claim("verify", subject, 5_000)).toBeNull();
    });

    it("is counted by stage: what waits, what is due, held and parked, and since when", async () => {
      const before = await given.store.work.totals();
      const were = before.find(({ stage }) => stage === "settle");
      const now = await given.store.now();
      const [soon, late, held, parked] = [newChangeId(), newChangeId(), newChangeId(), newChangeId()];
      const longAgo = later(now, -365 * 86_400_000);
      await put(given, follow("settle", soon, longAgo));
      await put(given, follow("settle", late, later(now, 60_000)));
      for (const subject of [held, parked]) await put(given, follow("settle", subject));
      expect(await given.store.work.claim("settle", held, 60_000)).not.toBeNull();
      const lost = await given.store.work.claim("settle", parked, 60_000);
      if (lost === null) throw new Error("expected work");
      await given.store.work.park(lost, "no use");
      const totals = await given.store.work.totals();
      const after = totals.find(({ stage }) => stage === "settle");
      expect(after).toMatchObject({
        waiting: (were?.waiting ?? 0) + 2,
        due: (were?.due ?? 0) + 1,
        held: (were?.held ?? 0) + 1,
        parked: (were?.parked ?? 0) + 1,
        oldestDueAt: longAgo,
      });
      expect(after?.oldestHeldAt).not.toBeNull();
      expect(after?.oldestParkedAt).not.toBeNull();
      expect(totals.map(({ stage }) => stage)).toEqual(totals.map(({ stage }) => stage).toSorted());
    });

    it("is tried again when due, cancelled while it waits, and parked for good", async () => {
      const subject = newChangeId();
      await put(given, follow("execute", subject));
      const held = await given.store.work.claim("execute", subject, 5_000);
      if (held === null) throw new Error("expected work");
      expect(await given.store.work.retry(held, later(await given.store.now(), 200), "away")).toBe(true);
      expect(await given.store.work.claim("execute", subject, 5_000)).toBeNull();
      await delay(300);
      const again = await given.store.work.claim("execute", subject, 5_000);
      expect(again).toMatchObject({ attempt: 2, epoch: held.epoch + 1 });
      if (again === null) throw new Error("expected work");
      expect(await given.store.work.park(again, "gave up")).toBe(true);
      expect(await given.store.work.claim("execute", subject, 5_000)).toBeNull();
      expect(await given.store.work.parked(1)).toMatchObject([
        { stage: "execute", subject, error: "gave up" },
      ]);

      await put(given, follow("expire", subject, later(await given.store.now(), 50)));
      await given.store.ledger.commit({ writes: [], cancel: [{ stage: "expire", subject }] });
      await delay(100);
      expect(await given.store.work.claim("expire", subject, 5_000)).toBeNull();
    });
  });
}

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Instant, later, toInstant } from "../../../src/domain/ids.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { toStored } from "../../../src/domain/ledger/chain.ts";
import { streamFault } from "../../../src/domain/ledger/verify.ts";
import { verifyLedger } from "../../../src/domain/ledger/verify-ledger.ts";
import { MuteEvent } from "../../../src/domain/mute/events.ts";
import { evolveMute, type MuteState } from "../../../src/domain/mute/mute.ts";
import type { PlacedChange } from "../../../src/domain/outside-change.ts";
import type { Settlement } from "../../../src/pipeline/ports/storage.ts";
import { follow, newGroup, openIncident, type Given } from "./given.ts";
import { acknowledged, at, delivery, incidentWrite, muteWrite, newIncidentId } from "./story-of-streams.ts";

/** What intake asks of a store beside the inbox's own promises. */
export function intakeConformance(given: Given): void {
  describe("ends of deliveries", () => {
    it("settles many in one commit, all of them or none", async () => {
      const sent = Array.from({ length: 250 }, () => delivery("many", null));
      await Promise.all(sent.map((each) => given.store.inbox.accept(each)));
      const settle = sent.map(({ id }, index) => ({
        id,
        settlement:
          index === 7 ? { outcome: "noted" as const, what: "a ping \0" } : quarantined(`no ${index}`),
      }));
      const [one] = settle;
      if (one === undefined) throw new Error("expected one");
      expect(await given.store.ledger.commit({ writes: [], settle })).toEqual({ kind: "committed" });
      expect(await given.store.inbox.claim("many", 10, 1_000)).toEqual([]);
      const late = delivery("many", null);
      await given.store.inbox.accept(late);
      const again = [{ id: late.id, settlement: quarantined("late") }, one];
      expect(await given.store.ledger.commit({ writes: [], settle: again })).toEqual({ kind: "lease_lost" });
      expect((await given.store.inbox.delivery(late.id))?.settlement).toBeNull();
      expect(await given.store.inbox.delivery(sent[7]?.id ?? late.id)).toMatchObject({
        settlement: { outcome: "noted", what: "a ping \0" },
      });
      expect(await given.store.inbox.counts()).toContainEqual({
        sourceId: "many",
        waiting: 1,
        quarantined: 249,
      });
    });

    it("shows a delivery with its bytes and how it ended", async () => {
      const { id } = await openIncident(given);
      const sent = { ...delivery("kept", "key"), body: Buffer.from([0, 255, 34]) };
      await given.store.inbox.accept(sent);
      expect(await given.store.inbox.delivery(sent.id)).toMatchObject({ attempts: 0, settlement: null });
      await given.store.inbox.claim("kept", 1, 1_000);
      const settlement: Settlement = { outcome: "joined", incidentIds: [id] };
      await given.store.ledger.commit({ writes: [], settle: [{ id: sent.id, settlement }] });
      const kept = await given.store.inbox.delivery(sent.id);
      expect(kept).toMatchObject({
        id: sent.id,
        sourceId: "kept",
        deliveryKey: "key",
        headers: sent.headers,
        attempts: 1,
        settlement,
      });
      expect(Buffer.compare(kept?.body ?? Buffer.alloc(0), sent.body)).toBe(0);
      expect(await given.store.inbox.delivery(delivery("kept", null).id)).toBeNull();
    });

    it("takes in anew what is given back from quarantine, and nothing else", async () => {
      const bad = delivery("requeued", "k1");
      const good = delivery("requeued", "k2");
      for (const each of [bad, good]) await given.store.inbox.accept(each);
      await given.store.inbox.claim("requeued", 10, 60_000);
      await given.store.ledger.commit({
        writes: [],
        settle: [
          { id: bad.id, settlement: quarantined("unreadable") },
          { id: good.id, settlement: { outcome: "noted", what: "a ping" } },
        ],
      });
      expect(await given.store.inbox.quarantined(10, "requeued")).toMatchObject([
        { id: bad.id, sourceId: "requeued", reason: "unreadable" },
      ]);
      expect(await given.store.inbox.quarantined(10, "nobody")).toEqual([]);
      given.taken.length = 0;
      expect(await given.store.inbox.requeue(bad.id, "Olga")).toBe(true);
      expect(given.taken.map(({ id }) => id)).toEqual([bad.id]);
      expect(await given.store.inbox.requeue(bad.id, "Olga")).toBe(false);
      expect(await given.store.inbox.requeue(good.id, "Olga")).toBe(false);
      expect(await given.store.inbox.quarantined(10, "requeued")).toEqual([]);
      expect(await given.store.inbox.delivery(bad.id)).toMatchObject({
        settlement: null,
        requeues: [{ by: "Olga", reason: "unreadable" }],
      });
      expect((await given.store.inbox.delivery(good.id))?.requeues).toEqual([]);
      // Redelivery of the same thing is still known.
      expect(await given.store.inbox.accept(delivery("requeued", "k1"))).toMatchObject({ kind: "duplicate" });
      const claimed = await given.store.inbox.claim("requeued", 10, 60_000);
      expect(claimed.map(({ id, attempts }) => ({ id, attempts }))).toEqual([{ id: bad.id, attempts: 1 }]);
    });
  });

  describe("forgetting", () => {
    it("lets go of what was understood, never of what waits or is in quarantine", async () => {
      const understood = [delivery("forgotten", "k1"), delivery("forgotten", "k2")];
      const bad = delivery("forgotten", "k3");
      const waiting = delivery("forgotten", "k4");
      for (const each of [...understood, bad, waiting]) await given.store.inbox.accept(each);
      await given.store.inbox.claim("forgotten", 3, 60_000);
      await given.store.ledger.commit({
        writes: [],
        settle: [
          ...understood.map(({ id }) => ({ id, settlement: { outcome: "noted" as const, what: "a ping" } })),
          { id: bad.id, settlement: quarantined("unreadable") },
        ],
      });
      expect(await given.store.inbox.forget(3_600_000, 1000)).toBe(0);
      // So long ago that it is in the future: whatever is settled is older.
      expect(await given.store.inbox.forget(-3_600_000, 1)).toBe(1);
      while ((await given.store.inbox.forget(-3_600_000, 1000)) > 0);
      const left = await Promise.all(
        [...understood, bad, waiting].map(({ id }) => given.store.inbox.delivery(id)),
      );
      expect(left.map((each) => each?.settlement?.outcome ?? each?.sourceId)).toEqual([
        undefined,
        undefined,
        "quarantined",
        "forgotten",
      ]);
      expect(await given.store.inbox.accept(delivery("forgotten", "k1"))).toEqual({ kind: "accepted" });
    });

    it("removes old bodies of one kind in batches and says since when; what is put again stays removed", async () => {
      const { bodies } = given.store;
      for (const id of ["old-1", "old-2"]) await bodies.put({ id, kind: "evidence", text: id });
      await bodies.put({ id: "old-3", kind: "transcript", text: "said" });
      expect(await bodies.remove("evidence", 3_600_000, 1000)).toBe(0);
      expect(await bodies.removedAt("old-1")).toBeNull();
      expect(await bodies.remove("evidence", -3_600_000, 1)).toBe(1);
      while ((await bodies.remove("evidence", -3_600_000, 1000)) > 0);
      await bodies.put({ id: "old-1", kind: "evidence", text: "again" });
      expect(await Promise.all(["old-1", "old-2", "old-3"].map((id) => bodies.get(id)))).toEqual([
        null,
        null,
        "said",
      ]);
      expect(Date.parse((await bodies.removedAt("old-1")) ?? "")).toBeGreaterThan(Date.now() - 3_600_000);
      expect(await Promise.all(["old-3", "never"].map((id) => bodies.removedAt(id)))).toEqual([null, null]);
    });

    it("lets go of what others changed long ago", async () => {
      const service = newGroup();
      await put(given, [placed(service, "z", 0), placed(service, "z2", 1)]);
      const { outsideChanges } = given.store;
      const known = () =>
        outsideChanges.between({
          service,
          environmentName: null,
          from: toInstant(0),
          to: toInstant(Date.now() + 400 * 86_400_000),
          limit: 10,
        });
      expect(await outsideChanges.forget(3660 * 86_400_000, 1000)).toBe(0);
      expect(await known()).toHaveLength(2);
      while ((await outsideChanges.forget(-400 * 86_400_000, 1)) > 0);
      expect(await known()).toEqual([]);
    });
  });

  describe("outside changes", () => {
    it("are found by service, environment and time, newest first", async () => {
      const service = newGroup();
      await put(given, [
        placed(service, "a", 0),
        placed(service, "b", 60, "production"),
        placed(service, "c", 120, "staging"),
        placed(null, "d", 60),
        placed(newGroup(), "e", 60),
      ]);
      const ids = async (from: number, to: number, environmentName: string | null, limit = 10) =>
        (
          await given.store.outsideChanges.between({
            service,
            environmentName,
            from: seconds(from),
            to: seconds(to),
            limit,
          })
        ).map(({ change }) => change.id);
      expect(await ids(0, 120, null)).toEqual(["c", "b", "a"]);
      expect(await ids(0, 120, "production")).toEqual(["b", "a"]);
      expect(await ids(1, 119, null)).toEqual(["b"]);
      expect(await ids(0, 120, null, 2)).toEqual(["c", "b"]);
      const nobodys = await given.store.outsideChanges.between({
        service: null,
        environmentName: null,
        from: seconds(0),
        to: seconds(120),
        limit: 1000,
      });
      expect(nobodys.map(({ change }) => change.id)).toContain("d");
      expect(nobodys.every((each) => each.service === null)).toBe(true);
    });

    it("take on their newest state, never an older one, and nothing of a refused commit", async () => {
      const service = newGroup();
      const state = async () =>
        (await given.store.outsideChanges.between({ ...everything, service })).map(
          ({ change }) => `${change.state} ${change.title}`,
        );
      await put(given, [placed(service, "x\0", 10)]);
      await put(given, [
        { ...placed(service, "x\0", 20), change: changed("x\0", 20, service, "succeeded", "a\0\uD800") },
        placed(service, "x\0", 15),
      ]);
      expect(await state()).toEqual(["succeeded a\0\uD800"]);
      await put(given, [placed(service, "x\0", 10)]);
      expect(await state()).toEqual(["succeeded a\0\uD800"]);
      const refused = await given.store.ledger.commit({
        writes: [incidentWrite(newIncidentId(), 3, [acknowledged("nobody")])],
        outsideChanges: [placed(service, "y", 30)],
      });
      expect(refused.kind).toBe("stale");
      expect(await state()).toHaveLength(1);
    });
  });

  describe("mutes", () => {
    it("are a stream a service, folded as their events say, verified with the rest", async () => {
      const service = `service-${newIncidentId()}`;
      expect(await given.store.ledger.muteOf(service)).toBeNull();
      const until = later(at, 3_600_000);
      const results = await Promise.all(
        ["Ruth", "Maya", "Ben"].map((name) =>
          given.store.ledger.commit({ writes: [muteWrite(service, 0, [muted(name, until)])] }),
        ),
      );
      expect(results.map(({ kind }) => kind).toSorted()).toEqual(["committed", "stale", "stale"]);
      expect(await given.store.ledger.muteOf(service)).toMatchObject({
        state: { service, muted: { until, reason: "maintenance \0" } },
        version: 1,
      });
      const ended: MuteEvent[] = [
        { type: "mute_refused", at, userId: "U9", name: "Eve", asked: "unmute", reason: "no role" },
        { type: "service_unmuted", at, userId: "U1", name: "Ruth", reason: "done" },
      ];
      const result = await given.store.ledger.commit({
        writes: [muteWrite(service, 1, ended)],
        followUps: [follow("notify", newIncidentId())],
      });
      expect(result).toEqual({ kind: "committed" });
      const entries = await given.store.ledger.events(streamOf("mute", service));
      expect(streamFault(entries.map(toStored))).toBeNull();
      let state: MuteState | null = null;
      for (const { type, at, data } of entries) {
        state = evolveMute(service, state, MuteEvent.parse({ type, at, ...data }));
      }
      expect(await given.store.ledger.muteOf(service)).toEqual({ state, version: 3 });
      expect(await given.store.ledger.mutes()).toContainEqual({ state, version: 3 });
      while ((await given.store.ledger.sequence(1000)) > 0);
      const verdict = await verifyLedger({
        entries: (from, limit) => given.store.ledger.stored(from, limit),
      });
      expect(verdict.kind).toBe("intact");
      await expect(
        given.pool.query(`delete from events where stream = '${streamOf("mute", service)}'`),
      ).rejects.toThrow("append-only");
    });
  });

  describe("incidents by group", () => {
    it("are counted while they are open, by the beginning of their key, taken literally", async () => {
      const prefix = `${newGroup()}/50%_\\`;
      const first = await openIncident(given, `${prefix}/a`);
      const second = await openIncident(given, `${prefix}/b`);
      await openIncident(given, `${prefix.replace("%_", "xx")}/c`);
      const count = () => given.store.ledger.openIncidentCount(prefix);
      expect(await count()).toBe(2);
      await given.store.ledger.commit({
        writes: [incidentWrite(first.id, 1, [{ type: "incident_resolved", at }])],
      });
      expect(await count()).toBe(1);
      await given.store.ledger.commit({
        writes: [incidentWrite(second.id, 1, [{ type: "incident_closed", at, userId: "" }])],
      });
      expect(await count()).toBe(0);
    });
  });

  describe("budgets", () => {
    it("let through what fits, however many ask at once", async () => {
      const name = newGroup();
      const takes = await Promise.all(
        Array.from({ length: 40 }, () => given.store.budgets.take(name, 2.5, 25, 60_000)),
      );
      expect(takes.filter(Boolean)).toHaveLength(10);
      expect(await given.store.budgets.spent(name, 60_000)).toBe(25);
      expect(await given.store.budgets.take(newGroup(), 26, 25, 60_000)).toBe(false);
      await given.store.budgets.add(name, -2.5);
      expect(await given.store.budgets.take(name, 2.5, 25, 60_000)).toBe(true);
      await given.store.budgets.add(name, 100);
      expect(await given.store.budgets.spent(name, 60_000)).toBe(125);
      expect(await given.store.budgets.take(name, 0.1, 25, 60_000)).toBe(false);
    });

    it("give back what is older than the window, and never more in any window", async () => {
      const name = newGroup();
      expect(await given.store.budgets.take(name, 10, 10, 500)).toBe(true);
      await delay(450);
      expect(await given.store.budgets.take(name, 10, 10, 500)).toBe(false);
      await delay(1_600);
      expect(await given.store.budgets.take(name, 10, 10, 500)).toBe(true);
    });
  });
}

const everything = {
  environmentName: null,
  from: later(at, -86_400_000),
  to: later(at, 86_400_000),
  limit: 100,
} as const;

function seconds(offset: number): Instant {
  return later(at, offset * 1000);
}

function quarantined(reason: string): Settlement {
  return { outcome: "quarantined", reason };
}

function muted(name: string, until: Instant): MuteEvent {
  return { type: "service_muted", at, until, userId: "U1", name, reason: "maintenance \0" };
}

function changed(
  id: string,
  offset: number,
  sourceId: string | null,
  state: PlacedChange["change"]["state"] = "started",
  title = "Deploy",
): PlacedChange["change"] {
  return {
    sourceId: sourceId ?? "github",
    id,
    kind: "deploy",
    state,
    title,
    version: "v1",
    author: "ruth",
    at: seconds(offset),
    labels: { service: "checkout" },
    links: [],
  };
}

function placed(
  service: string | null,
  id: string,
  offset: number,
  environmentName: string | null = null,
): PlacedChange {
  return {
    change: changed(id, offset, service),
    deliveryId: delivery("github", null).id,
    service,
    environmentName,
  };
}

async function put(given: Given, outsideChanges: PlacedChange[]): Promise<void> {
  expect(await given.store.ledger.commit({ writes: [], outsideChanges })).toEqual({ kind: "committed" });
}

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evolveChange, type ChangeState } from "../../../src/domain/change/change.ts";
import { ChangeEvent } from "../../../src/domain/change/events.ts";
import { later, type ChangeId, type IncidentId } from "../../../src/domain/ids.ts";
import { IncidentEvent } from "../../../src/domain/incident/events.ts";
import { evolveIncident, type IncidentState } from "../../../src/domain/incident/incident.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { toStored } from "../../../src/domain/ledger/chain.ts";
import { streamFault } from "../../../src/domain/ledger/verify.ts";
import { verifyLedger } from "../../../src/domain/ledger/verify-ledger.ts";
import { seeded } from "../../support/flag-arbitraries.ts";
import { follow, newGroup, openIncident, type Given } from "./given.ts";
import {
  acknowledged,
  at,
  changeWrite,
  incidentWrite,
  newChangeId,
  newIncidentId,
  opened,
  proposed,
} from "./story-of-streams.ts";

export function ledgerConformance(given: Given): void {
  describe("ledger", () => {
    it("writes all of a commit or nothing", async () => {
      const first = newIncidentId();
      const { id } = await openIncident(given);
      const result = await given.store.ledger.commit({
        writes: [incidentWrite(first, 0, [opened(newGroup())]), incidentWrite(id, 7, [acknowledged("Ruth")])],
        followUps: [follow("notify", first)],
        bodies: [{ id: `body-${first}`, kind: "evidence", text: "x" }],
      });
      expect(result).toEqual({ kind: "stale", stream: `incident/${id}` });
      expect(await given.store.ledger.incident(first)).toBeNull();
      expect(await given.store.bodies.get(`body-${first}`)).toBeNull();
      expect(await given.store.work.claim("notify", first, 1_000)).toBeNull();
    });

    it("counts what waits for people, since when, and what came too late", async () => {
      const { ledger } = given.store;
      const far = later(at, 400 * 86_400_000);
      const before = await ledger.reviewQueue(far);
      const { id: incidentId } = await openIncident(given);
      const id = newChangeId();
      const waiting = proposed(`flag-${id}`).map((event) =>
        event.type === "change_proposed" ? { ...event, incidentId } : event,
      );
      const late = { type: "approval_chased" as const, afterMs: 60_000, roles: [] };
      await ledger.commit({
        writes: [
          changeWrite(id, 0, [
            ...waiting,
            { ...late, at: later(far, -1), kind: "sla_missed" },
            { ...late, at: far, kind: "reminder" },
            { ...late, at: far, kind: "sla_missed" },
          ]),
        ],
      });
      const after = await ledger.reviewQueue(far);
      expect(after).toMatchObject({ waiting: before.waiting + 1, slaMisses: 1 });
      expect(after.oldestSince).toBe(at);
    });

    it("gives what became of drafts and findings, by service, newest kept, in order of time", async () => {
      const { ledger } = given.store;
      const far = later(at, 800 * 86_400_000);
      const { id: incidentId } = await openIncident(given);
      const [drafted, asked] = [newChangeId(), newChangeId()];
      const person = { kind: "person" as const, userId: "U1", name: "Maya" };
      const write = (id: ChangeId, requester: typeof person | null, ms: number) => {
        const events = proposed(`flag-${id}`).map((event) => {
          if (event.type !== "change_proposed") return event;
          const { proposal } = event;
          const { action } = proposal;
          const actor = requester === null ? action.actor : { ...action.actor, requester };
          return { ...event, incidentId, proposal: { ...proposal, action: { ...action, actor } } };
        });
        const rejected = { type: "change_rejected" as const, by: "Ruth", rationale: "No." };
        return changeWrite(id, 0, [...events, { ...rejected, at: later(far, ms) }]);
      };
      const answer = { type: "feedback_given" as const, at: later(far, 1), userId: "U1", name: "Maya" };
      await ledger.commit({
        writes: [
          write(drafted, null, 2),
          write(asked, person, 3),
          incidentWrite(incidentId, 1, [{ ...answer, useful: true }]),
        ],
      });
      const marks = await ledger.qualityMarks(far, 10);
      expect(marks).toEqual([
        {
          service: "checkout",
          at: later(far, 1),
          subject: `incident/${incidentId} U1`,
          measure: "not_useful",
          bad: false,
        },
        {
          service: "checkout",
          at: later(far, 2),
          subject: `change/${drafted}`,
          measure: "rejected",
          bad: true,
        },
      ]);
      expect(await ledger.qualityMarks(far, 1)).toEqual(marks.slice(1));
      expect(await ledger.qualityMarks(later(far, 2), 10)).toEqual([]);
    });

    it("lets one of many concurrent commits on the same version win", async () => {
      const { id } = await openIncident(given);
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          given.store.ledger.commit({ writes: [incidentWrite(id, 1, [acknowledged(`person ${index}`)])] }),
        ),
      );
      expect(results.filter(({ kind }) => kind === "committed")).toHaveLength(1);
      expect(results.filter(({ kind }) => kind === "stale")).toHaveLength(19);
      expect(await given.store.ledger.incident(id)).toMatchObject({ version: 2 });
    });

    it("keeps one incident per group open, and tells the others which", async () => {
      const group = newGroup();
      const ids = Array.from({ length: 10 }, newIncidentId);
      const results = await Promise.all(
        ids.map((id) => given.store.ledger.commit({ writes: [incidentWrite(id, 0, [opened(group)])] })),
      );
      const winner = ids.find((_, index) => results[index]?.kind === "committed");
      expect(results.filter((each) => each.kind === "group_busy" && each.incidentId === winner)).toHaveLength(
        9,
      );
      expect((await given.store.ledger.openIncidentByGroup(group))?.state.id).toBe(winner);
    });

    it("keeps one change per flag open, and lets a linked one follow in the commit that closes it", async () => {
      const flagKey = `flag-${newChangeId()}`;
      const ids = Array.from({ length: 10 }, newChangeId);
      const results = await Promise.all(
        ids.map((id) => given.store.ledger.commit({ writes: [changeWrite(id, 0, proposed(flagKey))] })),
      );
      const winner = ids.find((_, index) => results[index]?.kind === "committed") ?? newChangeId();
      expect(results.filter((each) => each.kind === "flag_busy" && each.changeId === winner)).toHaveLength(9);
      const open = await given.store.ledger.openChangeFor("env-1", flagKey);
      expect(open?.state.id).toBe(winner);

      // Named before it, and yet it opens after it.
      const next = newChangeId();
      const result = await given.store.ledger.commit({
        writes: [
          changeWrite(next, 0, proposed(flagKey)),
          changeWrite(winner, open?.version ?? 0, [{ type: "change_expired", at }]),
        ],
      });
      expect(result).toEqual({ kind: "committed" });
      expect((await given.store.ledger.openChangeFor("env-1", flagKey))?.state.id).toBe(next);
      expect((await given.store.ledger.changes({ flagKey, limit: 5 })).map(({ state }) => state.id)).toEqual([
        next,
        winner,
      ]);
    });

    it("finds closed changes by their review date", async () => {
      const id = newChangeId();
      const close: ChangeEvent = {
        type: "change_closed",
        at,
        resolution: "keep",
        owner: "Ruth",
        note: "",
        by: "U1",
        reviewAt: later(at, 60_000),
        linkedChangeId: null,
      };
      const events = [...proposed(`flag-${id}`), close];
      await given.store.ledger.commit({ writes: [changeWrite(id, 0, events)] });
      const before = async (ms: number) => {
        const found = await given.store.ledger.changes({ reviewBefore: later(at, ms), limit: 100 });
        return found.some(({ state }) => state.id === id);
      };
      expect(await before(59_999)).toBe(false);
      expect(await before(60_001)).toBe(true);
    });

    it("keeps events with U+0000 and lone surrogates in them readable and verifiable", async () => {
      const id = newIncidentId();
      const group = `a\0b\uD800c ${id}`;
      expect(
        await given.store.ledger.commit({ writes: [incidentWrite(id, 0, [opened(group, "x\0y\uDC00")])] }),
      ).toEqual({
        kind: "committed",
      });
      const events = await given.store.ledger.events(`incident/${id}`);
      expect(streamFault(events.map(toStored))).toBeNull();
      expect(events[0]?.data["title"]).toBe("x\0y\uFFFD");
      expect((await given.store.ledger.openIncidentByGroup(group))?.state.title).toBe("x\0y\uFFFD");
    });

    it("gives the last events of a stream, of the types asked for, in order", async () => {
      const { id } = await openIncident(given);
      const names = ["a", "b", "c", "d"].map(acknowledged);
      const events = names.flatMap((name, index) => [name, eventOf("muted", index)]);
      await given.store.ledger.commit({ writes: [incidentWrite(id, 1, events)] });
      const stream = streamOf("incident", id);
      const versions = async (only: Parameters<typeof given.store.ledger.events>[1]) =>
        (await given.store.ledger.events(stream, only)).map(({ version }) => version);
      expect(await versions({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await versions({ limit: 3 })).toEqual([7, 8, 9]);
      expect(await versions({ types: ["acknowledged"] })).toEqual([2, 4, 6, 8]);
      expect(await versions({ types: ["acknowledged", "incident_opened"], limit: 2 })).toEqual([6, 8]);
      expect(await versions({ types: ["nothing"] })).toEqual([]);
    });

    it("lists changes from either end", async () => {
      const flagKey = `flag-${newChangeId()}`;
      const ids = [newChangeId(), newChangeId(), newChangeId()];
      for (const id of ids) {
        const events = [...proposed(flagKey), { type: "change_expired" as const, at }];
        await given.store.ledger.commit({ writes: [changeWrite(id, 0, events)] });
      }
      const listed = async (order?: "newest_first" | "oldest_first") =>
        (await given.store.ledger.changes({ flagKey, limit: 2, ...(order && { order }) })).map(
          ({ state }) => state.id,
        );
      expect(await listed()).toEqual([ids[2], ids[1]]);
      expect(await listed("newest_first")).toEqual([ids[2], ids[1]]);
      expect(await listed("oldest_first")).toEqual([ids[0], ids[1]]);
    });

    it("refuses to rewrite, delete or truncate events", async () => {
      const { id } = await openIncident(given);
      for (const sql of [
        `update events set data = '{}' where stream = 'incident/${id}'`,
        `update events set hash = prev_hash, position = 999999 where stream = 'incident/${id}'`,
        `delete from events where stream = 'incident/${id}'`,
        "truncate events",
      ]) {
        await expect(given.pool.query(sql)).rejects.toThrow("append-only");
      }
    });

    it("gives gap-free positions under concurrent commits and two sequencers", async () => {
      const incidents = await Promise.all(Array.from({ length: 8 }, () => openIncident(given)));
      let committing = true;
      const commits = Promise.all(
        incidents.map(async ({ id }) => {
          for (let version = 1; version <= 12; version++) {
            await given.store.ledger.commit({
              writes: [incidentWrite(id, version, [acknowledged(`v${version}`)])],
            });
          }
        }),
      ).finally(() => (committing = false));
      const sequencer = async () => {
        // oxlint-disable-next-line no-unmodified-loop-condition -- the commits end it
        while (committing) await given.store.ledger.sequence(7);
      };
      await Promise.all([commits, sequencer(), sequencer()]);
      while ((await given.store.ledger.sequence(100)) > 0);
      expect(await given.store.ledger.unsequenced()).toBe(0);
      await expectIntact(given);
    });

    it("stays equal to what its events fold to, through random histories", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          const groups = [newGroup(), newGroup()];
          const ids = [newIncidentId(), newIncidentId(), newIncidentId()];
          const known = new Map<IncidentId, number>();
          const closed = new Set<IncidentId>();
          for (const { who, wrong, what } of steps) {
            const id = ids[who % ids.length] ?? newIncidentId();
            const version = known.get(id) ?? 0;
            const event =
              version === 0
                ? opened(groups[who % groups.length] ?? "")
                : eventOf(closed.has(id) ? "acknowledged" : what, version);
            const expected = wrong && version > 0 ? version - 1 : version;
            const result = await given.store.ledger.commit({
              writes: [incidentWrite(id, expected, [event])],
              followUps: [follow("notify", id)],
            });
            const groupTaken = version === 0 && result.kind === "group_busy";
            expect(result.kind).toBe(
              groupTaken ? "group_busy" : expected === version ? "committed" : "stale",
            );
            if (result.kind !== "committed") continue;
            known.set(id, version + 1);
            if (event.type === "incident_closed") closed.add(id);
          }
          for (const [id, version] of known) await expectIncidentFolded(given, id, version);
        }),
        { ...seeded(`${given.title}: random histories`, 25), endOnFailure: true },
      );
      for (const { state, version } of await given.store.ledger.changes({ limit: 1000 })) {
        await expectChangeFolded(given, state.id, version);
      }
    }, 60_000);
  });
}

const step = fc.record({
  who: fc.nat(5),
  wrong: fc.boolean(),
  what: fc.constantFrom("acknowledged", "muted", "resolved", "closed"),
});

function eventOf(what: string, version: number): IncidentEvent {
  switch (what) {
    case "muted":
      return { type: "muted", at, until: later(at, version), userId: "U1", reason: "noise" };
    case "resolved":
      return { type: "incident_resolved", at };
    case "closed":
      return { type: "incident_closed", at, userId: "U1" };
    default:
      return acknowledged(`v${version}`);
  }
}

async function expectIncidentFolded(given: Given, id: IncidentId, version: number): Promise<void> {
  const events = await given.store.ledger.events(streamOf("incident", id));
  expect(streamFault(events.map(toStored))).toBeNull();
  expect(events).toHaveLength(version);
  let state: IncidentState | null = null;
  for (const { type, at, data } of events) {
    state = evolveIncident(id, state, IncidentEvent.parse({ type, at, ...data }));
  }
  expect(await given.store.ledger.incident(id)).toEqual({ state, version });
}

async function expectChangeFolded(given: Given, id: ChangeId, version: number): Promise<void> {
  const events = await given.store.ledger.events(streamOf("change", id));
  expect(streamFault(events.map(toStored))).toBeNull();
  expect(events).toHaveLength(version);
  let state: ChangeState | null = null;
  for (const { type, at, data } of events) {
    state = evolveChange(id, state, ChangeEvent.parse({ type, at, ...data }));
  }
  expect(await given.store.ledger.change(id)).toEqual({ state, version });
}

async function expectIntact(given: Given): Promise<void> {
  const verdict = await verifyLedger({
    entries: (from, limit) => given.store.ledger.stored(from, limit),
    pageSize: 50,
  });
  expect(verdict.kind).toBe("intact");
}

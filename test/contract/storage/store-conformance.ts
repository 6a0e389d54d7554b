import { setTimeout as delay } from "node:timers/promises";
import type { PoolConfig } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool } from "../../../src/adapters/postgres/create-pool.ts";
import { migrate } from "../../../src/adapters/postgres/migrate.ts";
import { createStore } from "../../../src/adapters/postgres/store.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import type { TestDatabase } from "../../support/databases.ts";
import { typed } from "../../support/typed.ts";
import type { Given } from "./given.ts";
import { intakeConformance } from "./intake-conformance.ts";
import { checkpointsConformance } from "./checkpoints-conformance.ts";
import { inboxConformance } from "./inbox-conformance.ts";
import { ledgerConformance } from "./ledger-conformance.ts";
import { workConformance } from "./work-conformance.ts";

/** What every store promises, whatever PostgreSQL is behind it. */
export function storeConformance({ title, open }: TestDatabase): void {
  describe(`store on ${title}`, () => {
    const stack = new AsyncDisposableStack();
    const given = typed<Given & { database: () => Promise<PoolConfig> }>({ title, rung: [], taken: [] });

    beforeAll(async () => {
      const server = stack.use(await open());
      given.database = () => server.database();
      given.pool = createPool(await given.database(), () => undefined);
      stack.defer(() => given.pool.end());
      await Promise.all([migrate(given.pool), migrate(given.pool)]); // two starters at once
      given.store = createStore(given.pool, {
        onCommitted: (followUps) => given.rung.push(...followUps),
        onAccepted: (deliveries) => given.taken.push(...deliveries),
      });
    });
    afterAll(() => stack.disposeAsync());

    inboxConformance(given);
    ledgerConformance(given);
    checkpointsConformance(given);
    workConformance(given);
    intakeConformance(given);

    it("keeps bodies and postings", async () => {
      await given.store.bodies.put({ id: "b1", kind: "transcript", text: "a\0b" });
      await given.store.bodies.put({ id: "b1", kind: "transcript", text: "changed" });
      expect(await given.store.bodies.get("b1")).toBe("a\0b");
      const posting = { subject: "INC-1", part: "card", channel: "C1", ts: "1.1", renderedHash: "h1" };
      await given.store.postings.record(posting);
      await given.store.postings.record({ ...posting, renderedHash: "h2" });
      await given.store.postings.record({ ...posting, ts: "1.0", renderedHash: "of an older message" });
      await given.store.postings.record({ ...posting, part: "evidence", ts: "1.2" });
      expect(await given.store.postings.get("INC-1", "card")).toEqual({ ...posting, renderedHash: "h2" });
      expect(await given.store.postings.byMessage("C1", "1.2")).toMatchObject({ part: "evidence" });
      expect(await given.store.postings.ofSubject("INC-1")).toHaveLength(2);
      expect(await given.store.postings.get("INC-2", "card")).toBeNull();
    });

    it("gives a named lease to one holder at a time, by the database's clock", async () => {
      const takes = await Promise.all(
        ["a", "b", "c"].map((holder) => given.store.leases.take("sequencer", holder, 300)),
      );
      const epochs = takes.filter((take) => take !== null);
      expect(epochs).toEqual([{ epoch: 1 }]);
      const holder = ["a", "b", "c"][takes.findIndex((take) => take !== null)] ?? "";
      expect(await given.store.leases.take("sequencer", holder, 300)).toEqual({ epoch: 1 });
      await delay(400);
      expect(await given.store.leases.take("sequencer", "d", 60_000)).toEqual({ epoch: 2 });
      await given.store.leases.release("sequencer", holder);
      expect(await given.store.leases.take("sequencer", holder, 300)).toBeNull();
      await given.store.leases.release("sequencer", "d");
      expect(await given.store.leases.take("sequencer", holder, 300)).toEqual({ epoch: 3 });
    });

    it("goes by the database's clock", async () => {
      const before = Date.now() - 1_000;
      const now = await given.store.now();
      expect(now).toBe(toInstant(Date.parse(now)));
      expect(Date.parse(now)).toBeGreaterThan(before);
    });

    it("refuses to start on migrations that were changed or are from the future", async () => {
      await migrate(given.pool); // nothing to do
      await given.pool.query("insert into migrations (name, checksum) values ('9999-future.sql', 'x')");
      await expect(migrate(given.pool)).rejects.toThrow(/9999-future.*newer/);
      await given.pool.query("delete from migrations where name = '9999-future.sql'");
      await given.pool.query("update migrations set checksum = 'other' where name like '0001%'");
      await expect(migrate(given.pool)).rejects.toThrow(/0001.*differs/);
    });
  });
}

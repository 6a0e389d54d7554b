import type { Pool } from "pg";
import { toInstant } from "../../domain/ids.ts";
import type { FollowUp, NewDelivery, Store } from "../../pipeline/ports/storage.ts";
import { bodiesOn } from "./bodies.ts";
import { budgetsOn } from "./budgets.ts";
import { checkpointsOn } from "./checkpoints.ts";
import { commitOn } from "./commit.ts";
import { databaseOn } from "./database.ts";
import { inboxOn } from "./inbox.ts";
import { leasesOn } from "./leases.ts";
import { ledgerOn } from "./ledger.ts";
import { outsideChangesOn } from "./outside-changes.ts";
import { postingsOn } from "./postings.ts";
import { workOn } from "./work.ts";

/** What the relay rings, at once after a commit. Called synchronously; must not throw. */
export interface StoreHooks {
  /** Work rows that were just committed. */
  onCommitted?: (followUps: readonly FollowUp[]) => void;
  /** Deliveries that were just committed: once for all that shared a commit. */
  onAccepted?: (deliveries: readonly NewDelivery[]) => void;
}

/** The store on a migrated database (`migrate`), through a pool of `createPool`. The pool stays the caller's. */
export function createStore(pool: Pool, { onCommitted, onAccepted }: StoreHooks = {}): Store {
  const database = databaseOn(pool);
  return {
    inbox: inboxOn(database, onAccepted ?? (() => undefined)),
    ledger: ledgerOn(database, commitOn(database, onCommitted ?? (() => undefined))),
    checkpoints: checkpointsOn(database),
    work: workOn(database),
    bodies: bodiesOn(database),
    postings: postingsOn(database),
    leases: leasesOn(database),
    outsideChanges: outsideChangesOn(database),
    budgets: budgetsOn(database),
    async now() {
      const { rows } = await database.query<{ now: Date }>("select clock_timestamp() as now");
      if (rows[0] === undefined) throw new Error("a select without from has one row");
      return toInstant(rows[0].now);
    },
  };
}

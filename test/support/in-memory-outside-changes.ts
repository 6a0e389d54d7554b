import { later } from "../../src/domain/ids.ts";
import type { PlacedChange } from "../../src/domain/outside-change.ts";
import type { OutsideChanges } from "../../src/pipeline/ports/storage.ts";
import type { Clock } from "./in-memory-store.ts";
import type { Tables } from "./in-memory-tables.ts";

export function inMemoryOutsideChanges(tables: Tables, clock: Clock): OutsideChanges {
  return {
    between: async ({ service, environmentName, from, to, limit }) =>
      [...tables.outsideChanges.values()]
        .filter((each) => each.service === service && each.change.at >= from && each.change.at <= to)
        .filter(
          (each) =>
            environmentName === null ||
            each.environmentName === null ||
            each.environmentName === environmentName,
        )
        .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
        .toSorted((a, b) => (a.change.at === b.change.at ? 0 : a.change.at > b.change.at ? -1 : 1))
        .slice(0, limit),
    async forget(olderThanMs, limit) {
      const before = later(clock.now(), -olderThanMs);
      const old = [...tables.outsideChanges]
        .filter(([, { change }]) => change.at < before)
        .toSorted(([, a], [, b]) => (a.change.at < b.change.at ? -1 : 1))
        .slice(0, limit);
      for (const [key] of old) tables.outsideChanges.delete(key);
      return old.length;
    },
  };
}

export function putOutsideChanges(tables: Tables, placed: readonly PlacedChange[]): void {
  for (const each of placed) {
    const known = tables.outsideChanges.get(keyOf(each));
    if (known === undefined || known.change.at <= each.change.at)
      tables.outsideChanges.set(keyOf(each), each);
  }
}

function keyOf({ change }: PlacedChange): string {
  return JSON.stringify([change.sourceId, change.id]);
}

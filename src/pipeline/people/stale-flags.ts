import { plainName } from "../../domain/flag/plain-text.ts";
import { staleBecause } from "../../domain/flag/stale-because.ts";
import type { Service } from "../../domain/service.ts";
import type { FlagReader } from "../ports/flag-platform.ts";
import type { StaleFlag } from "../ports/person-actions.ts";
import type { Store } from "../ports/storage.ts";

export interface StaleFlagDeps {
  store: Pick<Store, "now">;
  flags: Pick<FlagReader, "list" | "webUrl">;
  services: readonly Service[];
}

/** Flags of every service's environments that decide nothing any more or are long untouched, the oldest first. */
export async function staleFlags({ store, flags, services }: StaleFlagDeps): Promise<StaleFlag[]> {
  const now = Date.parse(await store.now());
  const places = services.flatMap((service) =>
    Object.values(service.environments).map((keys) => ({ service, keys })),
  );
  const found = await Promise.all(
    places.map(async ({ service, keys }) => {
      const snapshots = await flags.list(keys, service.flags);
      return snapshots.flatMap((snapshot) => {
        const because = staleBecause(snapshot, now);
        if (because === null) return [];
        const { ref, flag } = snapshot;
        const stale: StaleFlag = {
          ref,
          name: plainName(flag.name),
          owner: service.owner,
          because,
          webUrl: flags.webUrl(ref),
        };
        return [{ stale, updatedAt: flag.updatedAt }];
      });
    }),
  );
  // A flag may belong to several services: it is named once.
  const once = new Map(
    found.flat().map((each) => [`${each.stale.ref.environmentId}/${each.stale.ref.key}`, each]),
  );
  return [...once.values()]
    .toSorted((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1))
    .map(({ stale }) => stale);
}

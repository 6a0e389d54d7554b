import { type AuthorityState, liveOverrides } from "../../domain/authority/authority.ts";
import type { Store } from "../ports/storage.ts";
import { isLowered } from "./override-authority.ts";

/** Scopes from which something is taken away now, by scope; overrides that are over are not in it. */
export async function readLowered(store: Pick<Store, "ledger" | "now">): Promise<AuthorityState[]> {
  const [now, authorities] = await Promise.all([store.now(), store.ledger.authorities()]);
  return authorities
    .map(({ state }) => ({ ...state, overrides: liveOverrides(state, now) }))
    .filter((state) => isLowered(state, now));
}

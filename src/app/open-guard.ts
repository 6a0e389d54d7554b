import { createFeatBitReader } from "../adapters/featbit/featbit-reader.ts";
import { createGuard } from "../pipeline/guard/create-guard.ts";
import type { Guard } from "../pipeline/guard/guard.ts";
import { lateIdentity } from "./late-identity.ts";
import type { Shared } from "./shared.ts";

/** With the credentials that this process holds anyway: one without Slack's asks Slack nothing. */
export function openGuard({ config, documents, store, log }: Omit<Shared, "guard">): Guard {
  const { featbit, web, worker, executor, services, sources } = config;
  const { governance, runbooks } = documents;
  const token = (web ?? worker)?.readToken ?? executor?.writeToken;
  if (token === undefined) throw new Error("a process without a role asks no policy");
  const slack = web?.slack ?? executor?.slack;
  return createGuard({
    rulebook: governance,
    people: governance.people,
    services,
    sources,
    runbooks,
    store,
    flags: createFeatBitReader({ apiUrl: featbit.apiUrl, token: token.reveal(), log }),
    findPerson: slack === undefined ? null : lateIdentity(slack, governance.roles, log).findPerson,
  });
}

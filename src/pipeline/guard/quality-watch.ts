import { decideAuthority } from "../../domain/authority/decide-authority.ts";
import { judgeQuality, type QualityRules } from "../../domain/guard/quality.ts";
import { later } from "../../domain/ids.ts";
import { durationMs } from "../../domain/policy/governance-contract.ts";
import type { Log } from "../ports/log.ts";
import type { Store } from "../ports/storage.ts";
import { repeat } from "../repeat.ts";
import { authorityWrite } from "../stream-writes.ts";
import { showConcerned } from "../show-concerned.ts";
import { tellAuthority } from "../tell-of-authority.ts";

/** The newest of the window; what lies before them is not looked at. */
const mostMarks = 5000;

export interface QualityDeps {
  store: Pick<Store, "ledger" | "now">;
  rules: QualityRules;
  log: Log;
}

/**
 * Takes authority away where drafts went wrong too often. It looks at the record again and again instead of being told
 * of every event, so that none can be missed; where nothing was added to it that is one row. What it takes only people
 * give back.
 */
export function createQualityWatch(deps: QualityDeps & { everyMs: number }): AsyncDisposable {
  const { store, rules, log, everyMs } = deps;
  let judged = "";
  const look = async () => {
    const since = later(await store.now(), -durationMs(rules.window));
    const newest = JSON.stringify(await store.ledger.qualityMarks(since, 1));
    if (newest === judged) return;
    if (await lowerByQuality(deps)) judged = newest;
  };
  return repeat(look, everyMs, (error) =>
    log.warn({ intent: "judge quality", err: error }, "Quality could not be judged; it will be tried again"),
  );
}

/** One look. False: somebody else was faster somewhere, and it has to be decided anew. */
export async function lowerByQuality({ store, rules, log }: QualityDeps): Promise<boolean> {
  const { ledger } = store;
  const now = await store.now();
  const [marks, authorities] = await Promise.all([
    ledger.qualityMarks(later(now, -durationMs(rules.window)), mostMarks),
    ledger.authorities(),
  ]);
  const states = authorities.map(({ state }) => state);
  let settled = true;
  for (const { scope, mode, reason, evidence } of judgeQuality(marks, states, rules)) {
    const held = authorities.find(({ state }) => state.scope === scope);
    const answer = decideAuthority({ command: "lower", mode, reason, evidence }, held?.state ?? null, now);
    if (answer.events.length === 0) continue;
    const result = await ledger.commit({
      writes: [authorityWrite(scope, held?.version ?? 0, answer.events)],
      followUps: [tellAuthority(scope), ...(await showConcerned(scope, store))],
    });
    if (result.kind === "committed") log.warn({ intent: "judge quality", scope, mode }, reason);
    else settled = false;
  }
  return settled;
}

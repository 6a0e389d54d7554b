import type { Patch } from "./patches.ts";

/** Puts `faultPoint(name)` before a text of `src` that stands there once. */
function before(name: string, file: string, find: string): Patch {
  return { file, find, put: `globalThis.faultPoint("${name}"); ${find}` };
}

function after(name: string, file: string, find: string): Patch {
  return { file, find, put: `${find} globalThis.faultPoint("${name}");` };
}

/**
 * The points between a durable write and the next, or before and after a call outside, at which a process may end.
 * P9 and P13 are not here: nothing runs at the one, and the other lies inside FeatBit; trials kill from outside there.
 */
export const crashPoints: readonly Patch[] = [
  // The request was read, and nothing of it verified.
  before("P1", "adapters/http/take-delivery.ts", "const entry = judgeHead(request, entrance, deps.decoy);"),
  // Verified, before the commit.
  before("P2", "adapters/http/take-delivery.ts", "outcome = await deps.inbox.accept({"),
  // Committed, before the 202.
  before("P3", "adapters/http/take-delivery.ts", 'if (outcome.kind === "duplicate") {'),
  // The 202 is out, and nobody was rung: the bell is held back for a moment, so that the answer goes first.
  {
    file: "pipeline/relay.ts",
    find: "for (const { sourceId } of deliveries) void ringSource(sourceId);",
    put: 'for (const { sourceId } of deliveries) setTimeout(() => { globalThis.faultPoint("P4"); void ringSource(sourceId); }, 40);',
  },
  // The draft was claimed, before the model is asked.
  before("P5", "pipeline/investigate.ts", "const answer = await answerOnce("),
  // The model has answered, before anything of it is saved.
  before(
    "P6",
    "pipeline/investigate.ts",
    "const { assessment, candidates, evidence, evidenceBody, transcriptBody } = answer;",
  ),
  // The proposal is saved, before the card is posted.
  before(
    "P7",
    "adapters/slack/announcer.ts",
    "const posting = await pacer.send(wanted, urgency, postDrawn);",
  ),
  // The card is posted, and not recorded.
  after("P8", "adapters/slack/announcer.ts", "const posting = await pacer.send(wanted, urgency, postDrawn);"),
  // The click is verified, before the decision is committed.
  before(
    "P10",
    "pipeline/people/cast-vote.ts",
    "return commitAnswer(fresh, answer, input.vote, sentenceFor, deps);",
  ),
  // The decision is committed, before the person is answered.
  before(
    "P11",
    "adapters/slack/listeners/on-submission.ts",
    "await tell(front, where, await answerLines(front, answer));",
  ),
  // The intent is committed, before FeatBit is asked for anything.
  before("P12", "pipeline/execute.ts", "return untilSettled(apply, executing, item, deps);"),
  // FeatBit has answered, before that is recorded.
  before("P14", "pipeline/execute.ts", 'if (outcome.kind === "lease_lost") return { kind: "handed_over" };'),
  // Recorded as applied, before the card says so.
  after("P15", "pipeline/execute.ts", "const result = await deps.store.ledger.commit(batch);"),
  // Before the effect is measured.
  before("P16", "pipeline/verify.ts", "const verification = await measure("),
  // The verdict is recorded, before the card says so.
  before("P17", "pipeline/verify.ts", "return outcomeOf(result);"),
  // Written to the ledger, before a checkpoint covers it.
  before("P19", "pipeline/checkpointer.ts", "const note = await notary.sign("),
  // In the middle of a migration.
  before("P20", "adapters/postgres/migrate.ts", 'await client.query("commit");'),
];

import { Evidence, type EvidenceItem } from "../domain/evidence/evidence.ts";
import type { Instant } from "../domain/ids.ts";
import { KeptAnswer } from "../domain/kept-answer.ts";
import { contentHash } from "../domain/ledger/chain.ts";
import type { Mode } from "../domain/policy/mode.ts";
import type { AssessmentResult } from "./investigate.ts";
import type { Body, Store, WorkItem } from "./ports/storage.ts";

/** Evidence as old as this is gathered anew rather than used again. */
const freshMs = 2 * 60_000;
/** An answer was paid for: with one, evidence is used again for longer. */
const answeredFreshMs = 15 * 60_000;

/** One look of a piece of work at the world. */
export interface Look {
  evidence: Evidence;
  body: Body;
  /** True where an earlier look of the same work found the trouble too young. */
  second: boolean;
}

export interface EarlierLooks {
  /** The last one, if what it found may still be used. */
  usable: Look | null;
  count: number;
  foundTooYoung: boolean;
}

/** What an earlier try of this work has gathered. Bodies lie under its row's id, one for each look. */
export async function earlierLooks(
  item: WorkItem,
  mode: Mode,
  store: Store,
  now: Instant,
): Promise<EarlierLooks> {
  let last: Look | null = null;
  let count = 0;
  let foundTooYoung = false;
  for (;;) {
    const id = evidenceId(item, count + 1);
    const text = await store.bodies.get(id);
    if (text === null) break;
    const evidence = Evidence.parse(JSON.parse(text));
    count += 1;
    last = { evidence, body: { id, kind: "evidence", text }, second: foundTooYoung };
    foundTooYoung ||= evidence.lookAgainAt !== undefined;
  }
  if (last === null) return { usable: null, count, foundTooYoung };
  const answered = (await store.bodies.get(answerId(last, mode))) !== null;
  const { lookAgainAt, to } = last.evidence;
  // What was too young then is looked at anew once the time for that has come.
  const outgrown =
    !answered && !last.second && lookAgainAt !== undefined && Date.parse(lookAgainAt) <= Date.parse(now);
  const fresh = Date.parse(now) - Date.parse(to) <= (answered ? answeredFreshMs : freshMs);
  return { usable: fresh && !outgrown ? last : null, count, foundTooYoung };
}

/** Keeps what was gathered, as the next look. Where another holder of the row was faster, theirs is the one. */
export async function keepEvidence(
  item: WorkItem,
  gathered: Evidence,
  { count, foundTooYoung }: EarlierLooks,
  store: Store,
): Promise<Look> {
  const id = evidenceId(item, count + 1);
  const body = await kept({ id, kind: "evidence", text: JSON.stringify(gathered) }, store);
  return { evidence: Evidence.parse(JSON.parse(body.text)), body, second: foundTooYoung };
}

/** What was concluded from one look, with the body of the exchange with the models if there was one. */
export interface Answer extends AssessmentResult {
  /** What it was concluded from: the look's, and what a model had looked up beyond that. */
  evidence: Evidence;
  evidenceBody: Body;
  transcriptBody: Body | null;
}

/** The answer to this look, asked for at most once: kept as soon as it is there. */
export async function answerOnce(
  look: Look,
  mode: Mode,
  store: Store,
  assess: () => Promise<AssessmentResult>,
): Promise<Answer> {
  const id = answerId(look, mode);
  const text = (await store.bodies.get(id)) ?? (await keepAnswer(id, await assess(), store));
  const { assessment, candidates, added, transcriptBodyId } = KeptAnswer.parse(JSON.parse(text));
  const transcript = transcriptBodyId === null ? null : await store.bodies.get(transcriptBodyId);
  const transcriptBody: Body | null =
    transcriptBodyId === null || transcript === null
      ? null
      : { id: transcriptBodyId, kind: "transcript", text: transcript };
  const seen = added.length === 0 ? look : withAdded(look, added, `${id}/evidence`);
  return {
    assessment,
    candidates,
    added,
    evidence: seen.evidence,
    evidenceBody: seen.body,
    transcript,
    transcriptBody,
  };
}

async function keepAnswer(
  id: string,
  { assessment, candidates, added = [], transcript }: AssessmentResult,
  store: Store,
): Promise<string> {
  // Named by its content: two holders of one row may each have had an exchange of their own.
  const transcriptBodyId = transcript === null ? null : `${id}/${contentHash(transcript)}`;
  if (transcriptBodyId !== null && transcript !== null) {
    await store.bodies.put({ id: transcriptBodyId, kind: "transcript", text: transcript });
  }
  const answer: KeptAnswer = { assessment, candidates, added, transcriptBodyId };
  return (await kept({ id, kind: "transcript", text: JSON.stringify(answer) }, store)).text;
}

function withAdded(
  { evidence: gathered }: Look,
  added: readonly EvidenceItem[],
  id: string,
): Pick<Look, "evidence" | "body"> {
  const evidence = { ...gathered, items: [...gathered.items, ...added] };
  return { evidence, body: { id, kind: "evidence", text: JSON.stringify(evidence) } };
}

/** A body that is there already stays as it is, so what counts is what is read back. */
async function kept(body: Body, store: Store): Promise<Body> {
  await store.bodies.put(body);
  return { ...body, text: (await store.bodies.get(body.id)) ?? body.text };
}

function evidenceId({ workId }: WorkItem, look: number): string {
  return `work/${workId}/look-${look}`;
}

function answerId({ body }: Look, mode: Mode): string {
  return `${body.id}/answer/${mode}`;
}

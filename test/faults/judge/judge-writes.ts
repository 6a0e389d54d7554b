import { z } from "zod";
import type { Mutation } from "../../../src/sandbox/featbit/sandbox.ts";
import { changesOf, type JudgedChange } from "./changes-of.ts";
import { type Finding, type Records, unexplained } from "./records.ts";

/** I3 to I5 and I8: what FeatBit wrote, against who approved what, by Slack's record and by the ledger. */
export function judgeWrites(records: Records): Finding[] {
  const { mutations, events, writer } = records;
  const changes = changesOf(events);
  const ours = mutations.filter(({ actor }) => actor === writer);
  return [
    ...repeated(ours),
    ...ours.flatMap((mutation) => unapproved(mutation, changes, records)),
    ...changes.flatMap((change) => untrue(change, ours)),
    ...notRestored(changes, records),
  ];
}

export function operationIn({ comment }: Pick<Mutation, "comment">): string | null {
  return /^OP-\S+/.exec(comment)?.[0] ?? null;
}

/** I3: one effect for each operation, and one for each change. */
function repeated(ours: readonly Mutation[]): Finding[] {
  const times = Map.groupBy(ours, (mutation) => operationIn(mutation) ?? "");
  const changes = Map.groupBy(ours, ({ comment }) => /CHG-[A-Z0-9]+/.exec(comment)?.[0] ?? "");
  return [...times, ...changes].flatMap(([name, all]): Finding[] =>
    name === "" || all.length === 1
      ? []
      : [{ fault: "twice", invariant: "I3", what: `${name} took effect ${all.length} times` }],
  );
}

/** I4 and I5: behind every effect stands the click of a permitted person on exactly this plan, and its revision. */
function unapproved(mutation: Mutation, changes: readonly JudgedChange[], records: Records): Finding[] {
  const operationId = operationIn(mutation);
  const at = `${mutation.key} at ${mutation.at} (${operationId ?? "no operation"})`;
  const no = (invariant: string, what: string): Finding[] => [
    { fault: "unapproved", invariant, what: `${at}: ${what}` },
  ];
  const change = changes.find(({ starts }) => starts.some((start) => start.operationId === operationId));
  const start = change?.starts.find((each) => each.operationId === operationId);
  if (change === undefined || start === undefined) return no("I4", "no change of the ledger began it");
  const votes = change.approvals.filter(
    ({ digest, version }) => digest === start.digest && version < start.version,
  );
  const permitted = votes.filter(({ userId }) => records.mayApprove.includes(userId));
  if (permitted.length === 0) return no("I4", `${change.id} has no earlier approval of a permitted person`);
  const clicked = permitted.some(({ userId, digest }) =>
    approvedInSlack(records, { changeId: change.id, userId, digest }, Date.parse(mutation.at)),
  );
  if (!clicked) return no("I4", `nobody sent Slack's form for ${change.id} before it`);
  const wanted = change.proposal.plan.before.flag.revision;
  if (mutation.revisionBefore !== wanted)
    return no("I5", `it wrote over revision ${mutation.revisionBefore}; ${wanted} was approved`);
  return [];
}

const Submission = z.object({
  type: z.literal("view_submission"),
  user: z.object({ id: z.string() }),
  view: z.object({ private_metadata: z.string() }),
});

/** Slack's own record of the form that was sent: who, for which change, with which digest, and when. */
function approvedInSlack(
  { acts }: Records,
  { changeId, userId, digest }: { changeId: string; userId: string; digest: string },
  before: number,
): boolean {
  return acts.some(({ payload, at }) => {
    const read = Submission.safeParse(payload).data;
    if (read === undefined || read.user.id !== userId || at > before) return false;
    const { private_metadata: about } = read.view;
    return [changeId, digest, '"choice":"approve"'].every((part) => about.includes(part));
  });
}

/** What the ledger says was applied took effect, and what it says was not did not. */
function untrue(
  { id, starts, applied, ended, needsPerson }: JudgedChange,
  ours: readonly Mutation[],
): Finding[] {
  const effects = ours.filter((mutation) =>
    starts.some(({ operationId }) => operationId === operationIn(mutation)),
  ).length;
  const no = (what: string) => [unexplained("I6", `${id}: ${what}`)];
  if (applied !== null && effects === 0) return no("recorded as applied, and FeatBit knows of no effect");
  if (applied === null && effects > 0 && !needsPerson)
    return no(`took effect, and ended as ${ended ?? "nothing"}`);
  if (starts.length > 0 && ended === null) return no("was begun and never ended");
  return [];
}

/** I8: a change and its reverse leave the flag byte for byte as it was, but for revision and time. */
function notRestored(changes: readonly JudgedChange[], { audits }: Records): Finding[] {
  const entryOf = (change: JudgedChange | undefined) =>
    audits.find(({ comment }) => operationIn({ comment }) === change?.applied?.operationId);
  return changes.flatMap((reverse): Finding[] => {
    const { lineage } = reverse.proposal;
    if (lineage?.kind !== "reverses" || reverse.applied === null) return [];
    const origin = changes.find(({ id }) => id === lineage.changeId);
    const [before, after] = [entryOf(origin)?.previous, entryOf(reverse)?.current];
    if (before === undefined || after === undefined) return [];
    if (timeless(before) === timeless(after)) return [];
    const what = `${reverse.id} reversed ${lineage.changeId}, and the flag is not as it was: ${timeless(before)} became ${timeless(after)}`;
    return [unexplained("I8", what)];
  });
}

function timeless(flag: string): string {
  const {
    revision: _revision,
    updatedAt: _at,
    updatorId: _by,
    ...rest
  } = z.looseObject({}).parse(JSON.parse(flag));
  return JSON.stringify(rest);
}

import type { FlagRef } from "../../domain/flag/flag.ts";
import { plainText } from "../../domain/flag/plain-text.ts";
import { ChangeId, type Instant, later } from "../../domain/ids.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { durationMs } from "../../domain/policy/governance-contract.ts";
import { type PeopleMap, personOf } from "../../domain/policy/people-map.ts";
import type { RecentEditors } from "../../domain/policy/requirement.ts";
import type { FlagEdit, FlagReader } from "../ports/flag-platform.ts";
import type { FindPerson } from "../ports/people.ts";
import type { Store } from "../ports/storage.ts";

export interface EditorDeps {
  people: PeopleMap;
  /** Null in a process that may not ask Slack: then those whom only Slack knows are told apart at the vote. */
  findPerson: FindPerson | null;
  flags: Pick<FlagReader, "edits">;
  store: Pick<Store, "ledger">;
}

const mostEdits = 100;
const mostPeople = 20;

/** Of a log that could not be read. */
export const unknownEditor: RecentEditors = {
  userIds: [],
  unmatched: ["somebody (the flag platform's log could not be read)"],
};

/**
 * Who changed the flag within this time, as Slack people. What Signalman itself wrote, on behalf of those who approved
 * it, does not count; any other access token is somebody whom nobody can tell.
 */
export async function recentEditors(
  { ref, flagId, within, now }: { ref: FlagRef; flagId: string; within: string; now: Instant },
  deps: EditorDeps,
): Promise<RecentEditors> {
  const edits = await deps.flags.edits(ref, flagId, later(now, -durationMs(within)), mostEdits);
  const authors = new Map<string, FlagEdit["author"]>();
  for (const edit of edits) {
    const { author } = edit;
    const key = author === null ? "" : (author.email?.toLowerCase() ?? author.name);
    if (authors.has(key) || (await isOwn(edit, deps.store))) continue;
    authors.set(key, author);
  }
  const userIds = new Set<string>();
  const unmatched = new Set<string>();
  if (edits.length >= mostEdits || authors.size > mostPeople)
    unmatched.add("more people than can be looked up");
  const found = await Promise.all(
    [...authors.values()].slice(0, mostPeople).map((one) => matched(one, deps)),
  );
  for (const one of found) {
    if (one.kind === "person") userIds.add(one.userId);
    if (one.kind === "unmatched") unmatched.add(plainText(one.name, 80));
  }
  return { userIds: [...userIds], unmatched: [...unmatched] };
}

type Matched = { kind: "person"; userId: string } | { kind: "unmatched"; name: string } | { kind: "later" };

async function matched(author: FlagEdit["author"], { people, findPerson }: EditorDeps): Promise<Matched> {
  if (author === null) return { kind: "unmatched", name: "somebody whom the log does not name" };
  const { name, email } = author;
  if (email === null) return { kind: "unmatched", name };
  const mapped = personOf(people, email);
  if (mapped !== null) return { kind: "person", userId: mapped };
  if (findPerson === null) return { kind: "later" };
  try {
    const userId = await findPerson(email);
    return userId === null ? { kind: "unmatched", name } : { kind: "person", userId };
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    return { kind: "unmatched", name };
  }
}

/**
 * Anybody may write such a comment, and copy one of ours, so the ledger is asked: this operation was ours, and this is
 * the revision that it made. A write of ours that nobody has confirmed counts as somebody's.
 */
async function isOwn(
  { author, comment, made }: FlagEdit,
  { ledger }: Pick<Store, "ledger">,
): Promise<boolean> {
  if (author === null || author.email !== null) return false;
  const [, operationId, changeId] = /^(\S+) Signalman (CHG-\S+)/.exec(comment) ?? [];
  const id = ChangeId.safeParse(changeId);
  if (!id.success) return false;
  const change = await ledger.change(id.data);
  if (change === null || made === null) return false;
  const { execution, applied } = change.state;
  return execution?.operationId === operationId && applied?.revision === made;
}

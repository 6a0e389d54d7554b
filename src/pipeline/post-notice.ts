import { CorrelationId } from "../domain/ids.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import { NoticeEvent } from "../domain/notice/notice.ts";
import type { Requester } from "../domain/people.ts";
import type { Decision } from "../domain/policy/decision.ts";
import { officeActionOf } from "../domain/policy/office-action.ts";
import { commitDecision } from "./commit-decision.ts";
import { type DecideDeps, decideNow } from "./decide-now.ts";
import type { Notice, Noticeboard } from "./ports/noticeboard.ts";
import type { FollowUp, Store } from "./ports/storage.ts";
import { noticeWrite } from "./stream-writes.ts";

export interface PostDeps extends DecideDeps {
  store: Store;
  noticeboard: Noticeboard;
}

/** A line that is to be posted, and what policy must know of it. */
export interface Line {
  notice: Notice;
  /** What it is about: `mute/<service>`, `quarantine/<source>` … */
  subject: string;
  /** Which line of its subject: it is decided once, and posted once. */
  part: string;
  /** Where it is recorded as posted, if that is not `part`. */
  postedAs?: string;
  /** "" is where operators look. */
  channel: string;
  /** One line, made by code. */
  intent: string;
  /** Whose doing is told of. */
  requester: Requester;
  /** Whose controls have a say; "" where it concerns none. */
  service: string;
  /** To be committed with the decision. */
  followUps?: FollowUp[];
}

/** Of one subject. What is older was told, or nobody waits for it any more. */
const remembered = 200;

/** What was decided about the lines of a subject so far, by part. */
async function decidedLines(
  subject: string,
  { ledger }: Pick<Store, "ledger">,
): Promise<Map<string, Decision>> {
  const entries = await ledger.events(streamOf("notice", subject), { limit: remembered });
  return new Map(
    entries.map(({ type, at, data }) => {
      const { part, decision } = NoticeEvent.parse({ type, at, ...data });
      return [part, decision];
    }),
  );
}

/** Says of a part whether it is still to be told: neither posted nor denied. */
export async function untoldOf(subject: string, store: Store): Promise<(part: string) => boolean> {
  const [postings, decided] = await Promise.all([
    store.postings.ofSubject(subject),
    decidedLines(subject, store),
  ]);
  const posted = new Set(postings.map(({ part }) => part));
  return (part) => !posted.has(part) && (decided.get(part)?.kind ?? "allow") === "allow";
}

/**
 * Posts one line outside an incident's channel: policy is asked and its answer is in the ledger before Slack hears of
 * it. A denied line is not posted, now or later.
 */
export async function postNotice(line: Line, deps: PostDeps): Promise<"posted" | "denied"> {
  const { notice, subject, part, channel } = line;
  const decision = await decideOnce(line, deps);
  if (decision.kind !== "allow") return "denied";
  await deps.noticeboard.post(notice, { subject, part: line.postedAs ?? part, channel });
  return "posted";
}

async function decideOnce(line: Line, deps: PostDeps): Promise<Decision> {
  const { subject, part, intent, requester, service, followUps = [] } = line;
  const { store, rulebook } = deps;
  return commitDecision<Decision>(store, async () => {
    const known = (await decidedLines(subject, store)).get(part);
    if (known !== undefined) return { kind: "answer", answer: known };
    const version = (await store.ledger.noticeOf(subject))?.version ?? 0;
    const action = officeActionOf(
      {
        tool: "slack.post_outside_incident_channel",
        request: aboutOf(subject),
        requester,
        intent,
        target: { service },
        raisesAuthority: false,
      },
      rulebook,
    );
    const decision = await decideNow(action, { plan: null, incident: null }, { approvals: [] }, deps);
    const at = await store.now();
    return {
      kind: "commit",
      commit: {
        writes: [noticeWrite(subject, version, [{ type: "notice_decided", at, part, action, decision }])],
        followUps,
      },
      after: () => decision,
    };
  });
}

/** What lines about this subject are followed by. */
export function aboutOf(subject: string): CorrelationId {
  return CorrelationId.parse(subject.slice(0, 64));
}

/** For how long nothing more is said about the subject: something was said, or denied, less than `everyMs` ago. */
export async function pauseOf(
  subject: string,
  part: string,
  everyMs: number,
  store: Pick<Store, "postings" | "ledger" | "now">,
): Promise<number> {
  const [posted, decided] = await Promise.all([
    store.postings.get(subject, part),
    store.ledger.noticeOf(subject),
  ]);
  const last = decided?.state.last;
  const times = [
    // Slack's timestamps are seconds since 1970.
    ...(posted === null ? [] : [Number(posted.ts) * 1000]),
    ...(last === undefined || last.kind === "allow" ? [] : [Date.parse(last.at)]),
  ];
  if (times.length === 0) return 0;
  return Math.min(Math.max(...times) + everyMs - Date.parse(await store.now()), everyMs);
}

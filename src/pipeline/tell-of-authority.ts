import { everywhere } from "../domain/authority/authority.ts";
import { AuthorityEvent } from "../domain/authority/events.ts";
import { wishText } from "../domain/authority/wish-text.ts";
import type { Instant } from "../domain/ids.ts";
import { streamOf } from "../domain/ledger/stream.ts";
import type { Requester } from "../domain/people.ts";
import type { Service } from "../domain/service.ts";
import { aboutOf, type Line, type PostDeps, postNotice, untoldOf } from "./post-notice.ts";
import type { FollowUp } from "./ports/storage.ts";
import type { StageOutcome } from "./run-stage.ts";
import { showConcerned } from "./show-concerned.ts";

interface AuthorityDeps extends PostDeps {
  services: readonly Service[];
}

type Set = Extract<AuthorityEvent, { type: "override_set" }>;
type Told = Exclude<AuthorityEvent, { type: "override_refused" }>;

/** Of one scope. What is older was told, or nobody waits for it any more. */
const mostEvents = 50;

/** To be committed with what was taken away from a scope, or given back. */
export function tellAuthority(scope: string): FollowUp {
  const subject = streamOf("authority", scope);
  return { stage: "tell", subject, correlationId: aboutOf(subject) };
}

/** What was taken away and given back, and the overrides whose time is over; waits for the next one's end. */
export async function tellOfAuthority(scope: string, deps: AuthorityDeps): Promise<StageOutcome> {
  const { store } = deps;
  const subject = streamOf("authority", scope);
  const isUntold = await untoldOf(subject, store);
  const now = await store.now();
  const told = await toldEvents(scope, deps);
  const sets = told.flatMap(({ event, version }) =>
    event.type === "override_set" ? [{ event, version }] : [],
  );
  for (const { event, version } of told) {
    await sayTwice(scope, `event/${version}`, { ...lineOf(scope, event), subject }, isUntold, deps);
  }
  let nextEnd: Instant | null = null;
  for (const { event, version } of sets) {
    if (isEndedByPeople(event, told) || isLengthened(event, version, sets)) continue;
    const { until, wish, name, userId } = event;
    if (until > now) {
      if (nextEnd === null || until < nextEnd) nextEnd = until;
      continue;
    }
    const part = `ended/${version}`;
    const line = {
      notice: { kind: "override_ended" as const, scope, override: { wish, name, until } },
      intent: `Tell that "${wishText(wish)}" has ended`,
      requester: { kind: "person" as const, userId, name },
      subject,
      // The cards say that approval is possible again.
      ...(isUntold(part) && { followUps: await showConcerned(scope, store) }),
    };
    await sayTwice(scope, part, line, isUntold, deps);
  }
  if (nextEnd === null) return { kind: "nothing_to_do" };
  const inMs = Math.max(100, Date.parse(nextEnd) - Date.parse(await store.now()));
  return { kind: "again", inMs, because: "an override ends then" };
}

async function toldEvents(
  scope: string,
  { store }: AuthorityDeps,
): Promise<{ event: Told; version: number }[]> {
  const types = ["override_set", "resume_requested", "authority_resumed", "authority_lowered"];
  const entries = await store.ledger.events(streamOf("authority", scope), { types, limit: mostEvents });
  return entries.flatMap(({ type, at, data, version }) => {
    const event = AuthorityEvent.parse({ type, at, ...data });
    return event.type === "override_refused" ? [] : [{ event, version }];
  });
}

function isEndedByPeople({ at, until }: Set, told: readonly { event: Told }[]): boolean {
  return told.some(({ event }) => event.type === "authority_resumed" && event.at >= at && event.at < until);
}

/** Set again, for longer, before its end: that one's end is the end. */
function isLengthened(
  event: Set,
  version: number,
  sets: readonly { event: Set; version: number }[],
): boolean {
  return sets.some(
    (other) =>
      other.version > version &&
      other.event.at < event.until &&
      other.event.until >= event.until &&
      JSON.stringify(other.event.wish) === JSON.stringify(event.wish),
  );
}

/** Where operators look, and in the channel of the service where that is another one. */
async function sayTwice(
  scope: string,
  part: string,
  line: Omit<Line, "part" | "channel" | "service">,
  isUntold: (part: string) => boolean,
  deps: AuthorityDeps,
): Promise<void> {
  const service = scope === everywhere ? "" : scope;
  if (isUntold(part)) await postNotice({ ...line, part, channel: "", service }, deps);
  const channel = deps.services.find(({ name }) => name === scope)?.channel ?? "";
  const second = `${part}/service`;
  if (channel === "" || !isUntold(second)) return;
  const first = await deps.store.postings.get(line.subject, part);
  if (first?.channel === channel) return;
  const { followUps: _once, ...rest } = line;
  await postNotice({ ...rest, part: second, channel, service }, deps);
}

function lineOf(scope: string, event: Told): Pick<Line, "notice" | "intent" | "requester"> {
  const where = scope === everywhere ? "everywhere" : `for ${scope}`;
  const requester: Requester =
    event.type === "authority_lowered"
      ? { kind: "source", sourceId: "signalman" }
      : { kind: "person", userId: event.userId, name: event.name };
  return {
    notice: { kind: "authority", scope, event },
    intent: `Tell of ${whatOf(event)} ${where}`,
    requester,
  };
}

function whatOf(event: Told): string {
  switch (event.type) {
    case "override_set":
      return `"${wishText(event.wish)}"`;
    case "resume_requested":
      return "a wish to resume";
    case "authority_resumed":
      return "a resumption";
    case "authority_lowered":
      return `mode ${event.mode}, lowered by drafts that went wrong,`;
  }
}

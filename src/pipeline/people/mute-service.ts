import { suggestion } from "../../domain/closest-word.ts";
import type { Instant } from "../../domain/ids.ts";
import { streamOf } from "../../domain/ledger/stream.ts";
import { decideMute, type MuteCommand } from "../../domain/mute/decide-mute.ts";
import { mutedUntil } from "../../domain/mute/mute.ts";
import type { PersonFacts } from "../../domain/people.ts";
import type { Service } from "../../domain/service.ts";
import { commitDecision } from "../commit-decision.ts";
import { followMute, movesOf, type MuteEnd } from "../follow-mute.ts";
import type { ActionAnswer } from "../ports/person-actions.ts";
import type { Commit, Store } from "../ports/storage.ts";
import { tellMute } from "../tell.ts";
import { checkPermission, type PermissionDeps, refusal } from "./check-permission.ts";
import { targetsOf } from "./service-targets.ts";

export interface MuteDeps extends PermissionDeps {
  store: Store;
  services: readonly Service[];
}

interface MuteInput {
  service: string;
  userId: string;
  reason: string;
}

/** Mutes a service: what opens for it from now on is recorded, and shown and investigated only after `forMs`. */
export function muteService(input: MuteInput & { forMs: number }, deps: MuteDeps): Promise<ActionAnswer> {
  const { forMs, reason } = input;
  return permitted(input, "mute", deps, (service, person) =>
    change(service, { command: "mute", forMs, reason, ...named(person) }, deps),
  );
}

/** Ends a mute before its time; what was held back because of it is shown and investigated now. */
export function unmuteService(input: MuteInput, deps: MuteDeps): Promise<ActionAnswer> {
  const { reason } = input;
  return permitted(input, "unmute", deps, (service, person) =>
    change(service, { command: "unmute", reason, ...named(person) }, deps),
  );
}

/** Before a form is opened: may this person mute this service? Records a refusal. */
export function checkMute(input: Omit<MuteInput, "reason">, deps: MuteDeps): Promise<ActionAnswer> {
  return permitted(input, "mute", deps, () => Promise.resolve({ kind: "done", text: "Yes." }));
}

/** Who may mute a service may do so in every environment it has: a mute knows no environments. */
async function permitted(
  { service: name, userId }: Omit<MuteInput, "reason">,
  asked: "mute" | "unmute",
  deps: MuteDeps,
  act: (service: Service, person: PersonFacts) => Promise<ActionAnswer>,
): Promise<ActionAnswer> {
  const service = deps.services.find((each) => each.name === name);
  if (service === undefined) {
    const known = deps.services.map((each) => each.name);
    const reason = `There is no service "${name}" in the catalogue.${suggestion(name, known)}`;
    return { kind: "refused", reason, whoMay: { groups: [], users: [] } };
  }
  let person: PersonFacts | null = null;
  for (const target of targetsOf(service, "reversible_write")) {
    const answer = await checkPermission(userId, "mute", target, deps);
    if (answer.kind === "unavailable") return answer;
    ({ person } = answer);
    if (answer.permission.kind === "refused") {
      const { reason } = answer.permission;
      await change(service, { command: "refuse", asked, reason, ...named(person) }, deps);
      return refusal(reason, "mute", target, deps.rulebook);
    }
  }
  if (person === null) throw new Error(`mute: nobody was asked about ${service.name}`);
  return act(service, person);
}

function named({ userId, name }: PersonFacts): { userId: string; name: string } {
  return { userId, name };
}

async function change({ name }: Service, command: MuteCommand, deps: MuteDeps): Promise<ActionAnswer> {
  const { store } = deps;
  return commitDecision<ActionAnswer>(store, async () => {
    const now = await store.now();
    const loaded = await store.ledger.muteOf(name);
    const answer = decideMute(command, loaded?.state ?? null, now);
    if (answer.kind === "refused") {
      return {
        kind: "answer",
        answer: { kind: "refused", reason: answer.reason, whoMay: { groups: [], users: [] } },
      };
    }
    const { events } = answer;
    const until = events.find((event) => event.type === "service_muted")?.until;
    const done: ActionAnswer = {
      kind: "done",
      text: doneText(name, command, until ?? mutedUntil(loaded?.state ?? null, now), events.length > 0),
    };
    if (events.length === 0) return { kind: "answer", answer: done };
    const isRefusal = command.command === "refuse";
    const end: MuteEnd = { until: until ?? null, userId: command.userId, reason: command.reason };
    const moves = isRefusal ? null : await movesOf(name, end, store, now);
    const commit: Commit = {
      writes: [
        {
          kind: "mute",
          stream: streamOf("mute", name),
          id: name,
          expectedVersion: loaded?.version ?? 0,
          events,
        },
        ...(moves?.writes ?? []),
      ],
      followUps: isRefusal ? [] : [tellMute(name), ...(moves?.followUps ?? [])],
      cancel: moves?.cancel ?? [],
    };
    return {
      kind: "commit",
      commit,
      after: async () => {
        if (!isRefusal) await followMute(name, store);
        return done;
      },
    };
  });
}

function doneText(service: string, { command }: MuteCommand, until: Instant | null, isNews: boolean): string {
  if (command !== "mute") {
    return isNews ? `${service} is not muted any more.` : `${service} was not muted.`;
  }
  const end = until === null ? "" : ` until ${until}`;
  return `${service} is ${isNews ? "" : "already "}muted${end}. New incidents are recorded and shown after that.`;
}

import type { Change } from "../changes.ts";
import { complaintTo, type Outcome } from "../delivery/outcome.ts";
import type { JsonObject } from "../json.ts";
import type { SlackMessage, SlackView } from "../records.ts";
import type { World } from "../world.ts";

/** Something a person did, how the app acknowledged it, and a way to wait for what the person sees next. */
export type Interaction = {
  /** False when nothing left the person's screen: a declined confirmation, or a form that was not complete. */
  readonly sent: boolean;
  readonly outcome?: Outcome;
  /** What Slack shows instead when the app did not answer properly. */
  readonly error?: string;
  /** Complaints beside the fields of a form, by block id. */
  readonly fieldErrors: Readonly<Record<string, string>>;
  /** The question asked before the click was sent, where the element has one. */
  readonly confirm?: JsonObject;
  /** Waits until this person has a view, opened or changed since, that satisfies `match`. */
  view(match?: (view: SlackView) => boolean, timeoutMs?: number): Promise<SlackView>;
  /** Waits for a message that only this person sees. */
  ephemeral(match?: (message: SlackMessage) => boolean, timeoutMs?: number): Promise<SlackMessage>;
  /** Waits for a message that was posted or changed since. */
  message(match?: (message: SlackMessage) => boolean, timeoutMs?: number): Promise<SlackMessage>;
};

const any = () => true;
const defaultTimeoutMs = 5_000;
const viewKinds: readonly Change["kind"][] = ["view_opened", "view_pushed", "view_updated", "home_published"];

/** Where in the order of things something began: what is awaited must have happened after it. */
export function interaction(
  world: World,
  user: string,
  since: number,
  what: string,
  result: Partial<Pick<Interaction, "sent" | "outcome" | "error" | "fieldErrors" | "confirm">>,
): Interaction {
  const complaint = result.error ?? (result.outcome === undefined ? undefined : complaintTo(result.outcome));
  const wait = <T>(pick: (change: Change) => T | undefined | false, wanted: string, timeoutMs: number) =>
    world.changes
      .waitFor(since, pick, `${wanted} for ${user} after ${what}`, timeoutMs)
      .catch((error: Error) =>
        Promise.reject(new Error(`${error.message}${answerIn(result.outcome, complaint)}`)),
      );

  return {
    fieldErrors: {},
    sent: result.outcome !== undefined,
    ...result,
    ...(complaint === undefined ? {} : { error: complaint }),
    view: (match = any, timeoutMs = defaultTimeoutMs) =>
      wait(
        (change) =>
          viewKinds.includes(change.kind) &&
          "view" in change &&
          change.view.user === user &&
          match(change.view) &&
          change.view,
        "a view",
        timeoutMs,
      ),
    ephemeral: (match = any, timeoutMs = defaultTimeoutMs) =>
      wait(
        (change) =>
          (change.kind === "ephemeral_posted" || change.kind === "ephemeral_updated") &&
          change.message.visibleTo === user &&
          match(change.message) &&
          change.message,
        "an ephemeral message",
        timeoutMs,
      ),
    message: (match = any, timeoutMs = defaultTimeoutMs) =>
      wait(
        (change) =>
          (change.kind === "message_posted" || change.kind === "message_updated") &&
          match(change.message) &&
          change.message,
        "a message",
        timeoutMs,
      ),
  };
}

function answerIn(outcome: Outcome | undefined, complaint: string | undefined): string {
  if (outcome === undefined) return "; nothing was sent to the app";
  return `; the app answered: ${outcome.kind} after ${Math.round(outcome.afterMs)} ms${complaint ? ` (${complaint})` : ""}`;
}

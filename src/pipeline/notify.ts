import { IncidentId, Instant } from "../domain/ids.ts";
import { powersOf } from "../domain/policy/mode.ts";
import { heldBackFor } from "./follow-mute.ts";
import { contextOf } from "./investigate.ts";
import type { Announcer, IncidentView } from "./ports/announcer.ts";
import type { Controls } from "./ports/controls.ts";
import type { WorkItem } from "./ports/storage.ts";
import { type ReadIncidentDeps, readIncident } from "./people/read-incident.ts";
import type { StageOutcome } from "./run-stage.ts";

export interface NotifyDeps extends ReadIncidentDeps {
  announcer: Announcer;
  controls: Controls;
}

/** A mode that hides what waits for people may be a slip of a second: it is asked again so soon. */
const hiddenMs = 30_000;

/** How long the incident of a muted service is kept back; `over`: it ended in that time, so nobody is to hear of it. */
async function mutedFor({ incident, now }: IncidentView, deps: NotifyDeps): Promise<number | "over" | null> {
  const { mutedUntil: since, status, resolvedAt } = incident;
  if (since !== null && status === "resolved" && resolvedAt !== null && resolvedAt <= since) return "over";
  return heldBackFor(incident, deps.store, Instant.parse(now));
}

/** Shows the incident as it stands now. Modes without a card show nothing, unless a card stands already. */
export async function notify(item: WorkItem, deps: NotifyDeps): Promise<StageOutcome> {
  const read = () => readIncident(IncidentId.parse(item.subject), deps);
  const view = await read();
  if (view === null) return { kind: "nothing_to_do" };
  const [card, { mode }] = await Promise.all([
    deps.store.postings.get(view.incident.id, "card"),
    deps.controls.read(contextOf(view.incident)),
  ]);
  if (card === null) {
    const muted = await mutedFor(view, deps);
    if (muted === "over") return { kind: "nothing_to_do" };
    if (muted !== null) return { kind: "again", inMs: muted, because: "its service is muted" };
  }
  if (card === null && !powersOf[mode].postsCard) {
    const waiting = view.changes.find((change) => change.status === "awaiting_approval");
    if (waiting === undefined) return { kind: "nothing_to_do" };
    return {
      kind: "again",
      inMs: hiddenMs,
      because: `${waiting.id} waits for people, but the mode is ${mode}`,
    };
  }
  const shown = await deps.announcer.show(view, read);
  if (shown === "shown") return { kind: "nothing_to_do" };
  // By now the incident may have moved on: its card comes first again.
  return { kind: "again", inMs: 0, because: "the thread has more to tell" };
}

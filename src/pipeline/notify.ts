import { IncidentId } from "../domain/ids.ts";
import { powersOf } from "../domain/policy/mode.ts";
import { contextOf } from "./investigate.ts";
import type { Announcer } from "./ports/announcer.ts";
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

/** Shows the incident as it stands now. Modes without a card show nothing, unless a card stands already. */
export async function notify(item: WorkItem, deps: NotifyDeps): Promise<StageOutcome> {
  const view = await readIncident(IncidentId.parse(item.subject), deps);
  if (view === null) return { kind: "nothing_to_do" };
  const card = await deps.store.postings.get(view.incident.id, "card");
  const { mode } = await deps.controls.read(contextOf(view.incident));
  if (card === null && !powersOf[mode].postsCard) {
    const waiting = view.changes.find((change) => change.status === "awaiting_approval");
    if (waiting === undefined) return { kind: "nothing_to_do" };
    return {
      kind: "again",
      inMs: hiddenMs,
      because: `${waiting.id} waits for people, but the mode is ${mode}`,
    };
  }
  const shown = await deps.announcer.show(view);
  if (shown === "shown") return { kind: "nothing_to_do" };
  // By now the incident may have moved on: its card comes first again.
  return { kind: "again", inMs: 0, because: "the thread has more to tell" };
}

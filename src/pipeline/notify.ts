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

/** Shows the incident as it stands now. Modes without a card show nothing, unless a card stands already. */
export async function notify(item: WorkItem, deps: NotifyDeps): Promise<StageOutcome> {
  const view = await readIncident(IncidentId.parse(item.subject), deps);
  if (view === null) return { kind: "nothing_to_do" };
  const shown = await deps.store.postings.get(view.incident.id, "card");
  const { mode } = await deps.controls.read(contextOf(view.incident));
  if (shown === null && !powersOf[mode].postsCard) return { kind: "nothing_to_do" };
  await deps.announcer.show(view);
  return { kind: "nothing_to_do" };
}

import { AuthorityState, evolveAuthority } from "../../domain/authority/authority.ts";
import { ChangeState, evolveChange } from "../../domain/change/change.ts";
import { evolveIncident, IncidentState } from "../../domain/incident/incident.ts";
import { evolveMute, MuteState } from "../../domain/mute/mute.ts";
import { evolveNotice, NoticeState } from "../../domain/notice/notice.ts";
import { evolveStanding, StandingState } from "../../domain/standing/standing.ts";
import { wellFormed } from "../../domain/well-formed.ts";
import type { StreamWrite } from "../../pipeline/ports/storage.ts";
import { storable } from "./storable.ts";

/** The row of one aggregate, but for its version and head: the columns beside `state` are for finding it. */
export type ProjectionRow = Record<string, string | null>;

/** The tables that the kinds of streams are folded into. */
export const projectionTables = {
  incident: "incidents",
  change: "changes",
  mute: "mutes",
  authority: "authorities",
  standing: "standings",
  notice: "notices",
} as const;

/** Folds a stream's new events into the state before them (JSON text, or null for a new stream). */
export function fold(write: StreamWrite, before: string | null): ProjectionRow {
  const start: unknown = before === null ? null : JSON.parse(before);
  switch (write.kind) {
    case "incident": {
      let state = IncidentState.nullable().parse(start);
      for (const event of write.events) state = evolveIncident(write.id, state, wellFormed(event));
      const after = IncidentState.parse(state);
      return {
        status: after.status,
        group_key: storable(after.groupKey),
        service: after.scope === null ? null : storable(after.scope.service),
        state: JSON.stringify(after),
      };
    }
    case "change": {
      let state = ChangeState.nullable().parse(start);
      for (const event of write.events) state = evolveChange(write.id, state, wellFormed(event));
      const after = ChangeState.parse(state);
      const { environmentId, key } = after.proposal.plan.ref;
      return {
        status: after.status,
        incident_id: after.incidentId,
        environment_id: storable(environmentId),
        flag_key: storable(key),
        review_at: after.closure?.reviewAt ?? null,
        state: JSON.stringify(after),
      };
    }
    case "mute": {
      let state = MuteState.nullable().parse(start);
      for (const event of write.events) state = evolveMute(write.id, state, wellFormed(event));
      const after = MuteState.parse(state);
      return { muted_until: after.muted?.until ?? null, state: JSON.stringify(after) };
    }
    case "authority": {
      let state = AuthorityState.nullable().parse(start);
      for (const event of write.events) state = evolveAuthority(write.id, state, wellFormed(event));
      return { state: JSON.stringify(AuthorityState.parse(state)) };
    }
    case "standing": {
      let state = StandingState.nullable().parse(start);
      for (const event of write.events) state = evolveStanding(write.id, state, wellFormed(event));
      const after = StandingState.parse(state);
      return {
        status: after.status,
        environment_id: storable(after.bounds.ref.environmentId),
        flag_key: storable(after.bounds.ref.key),
        until: after.bounds.until,
        state: JSON.stringify(after),
      };
    }
    case "notice": {
      let state: NoticeState | null = null;
      for (const event of write.events) state = evolveNotice(write.id, wellFormed(event));
      return { state: JSON.stringify(NoticeState.parse(state)) };
    }
  }
}

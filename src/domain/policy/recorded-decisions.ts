import { type AuthorityState, evolveAuthority } from "../authority/authority.ts";
import { AuthorityEvent } from "../authority/events.ts";
import { type ChangeState, evolveChange } from "../change/change.ts";
import { ChangeEvent } from "../change/events.ts";
import { ChangeId, type Instant } from "../ids.ts";
import type { LedgerEntry } from "../ledger/chain.ts";
import { splitStream } from "../ledger/stream.ts";
import { NoticeEvent } from "../notice/notice.ts";
import { StandingEvent } from "../standing/events.ts";
import type { RecordedDecision } from "./replay.ts";

/** One decision of the ledger, where it stands, and what it was about. */
export interface LedgerDecision extends RecordedDecision {
  stream: string;
  version: number;
  at: Instant;
  occasion: string;
}

/** Takes the ledger's entries in their order and gives the decisions among them, each with what people had said by then. */
export interface DecisionReader {
  take(entry: LedgerEntry): LedgerDecision[];
}

export function readDecisions(): DecisionReader {
  const changes = new Map<string, ChangeState>();
  const authorities = new Map<string, AuthorityState>();
  return {
    take(entry) {
      const { kind, id } = splitStream(entry.stream);
      const raw = { ...entry.data, type: entry.type, at: entry.at };
      const place = { stream: entry.stream, version: entry.version, at: entry.at };
      switch (kind) {
        case "change":
          return ofChange(id, ChangeEvent.parse(raw), place);
        case "authority": {
          const event = AuthorityEvent.parse(raw);
          const before = authorities.get(id) ?? null;
          authorities.set(id, evolveAuthority(id, before, event));
          if (!("decision" in event)) return [];
          const [, ...others] = [
            ...(before?.resumeAsked ?? []),
            { userId: event.userId, roles: "roles" in event ? event.roles : [] },
          ];
          return [{ ...place, ...nobody, ...event, occasion: event.type, approvals: others }];
        }
        case "standing": {
          const event = StandingEvent.parse(raw);
          return event.type === "standing_requested"
            ? [{ ...place, ...nobody, ...event, occasion: "grant" }]
            : [];
        }
        case "notice": {
          const event = NoticeEvent.parse(raw);
          return [{ ...place, ...nobody, ...event, occasion: "post" }];
        }
        case "incident":
        case "mute":
          return [];
      }
    },
  };

  function ofChange(
    id: string,
    event: ChangeEvent,
    place: Pick<LedgerDecision, "stream" | "version" | "at">,
  ): LedgerDecision[] {
    const state = evolveChange(ChangeId.parse(id), changes.get(id) ?? null, event);
    changes.set(id, state);
    if (event.type !== "decided") return [];
    const { decision, occasion } = event;
    const { proposal, votes, glass, escalatedTo } = state;
    const standing =
      decision.rule === "standing_approval" ? { id: state.standing?.standingId ?? "", by: "" } : null;
    return [
      {
        ...place,
        occasion,
        decision,
        action: proposal.action,
        approvals: votes.filter(({ vote, digest }) => vote === "approve" && digest === proposal.digest),
        escalatedTo,
        brokenGlass: glass === null ? null : { name: glass.name, roles: glass.roles },
        standing,
      },
    ];
  }
}

const nobody = { approvals: [], escalatedTo: [], brokenGlass: null, standing: null };

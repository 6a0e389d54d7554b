import { AuthorityEvent } from "../authority/events.ts";
import { ChangeEvent } from "../change/events.ts";
import { IncidentEvent } from "../incident/events.ts";
import type { LedgerEntry } from "../ledger/chain.ts";
import { type AggregateKind, splitStream } from "../ledger/stream.ts";
import { MuteEvent } from "../mute/events.ts";
import { NoticeEvent } from "../notice/notice.ts";
import { StandingEvent } from "../standing/events.ts";
import { tellAuthority, tellNotice, tellStanding } from "./tell-authority.ts";
import { tellChange } from "./tell-change.ts";
import { tellIncident } from "./tell-incident.ts";
import { tellMuteEvent } from "./tell-mute.ts";
import type { Told } from "./told.ts";

/** An entry that this version cannot read is shown as it stands: an audit leaves nothing out. */
export function tellEntry(entry: LedgerEntry): Told {
  const { type, at, data } = entry;
  const raw = { ...data, type, at };
  return (
    tellKnown(splitStream(entry.stream).kind, raw) ?? { what: type, who: "", lines: [JSON.stringify(data)] }
  );
}

function tellKnown(kind: AggregateKind, raw: object): Told | null {
  switch (kind) {
    case "change": {
      const event = ChangeEvent.safeParse(raw);
      return event.success ? tellChange(event.data) : null;
    }
    case "incident": {
      const event = IncidentEvent.safeParse(raw);
      return event.success ? tellIncident(event.data) : null;
    }
    case "mute": {
      const event = MuteEvent.safeParse(raw);
      return event.success ? tellMuteEvent(event.data) : null;
    }
    case "authority": {
      const event = AuthorityEvent.safeParse(raw);
      return event.success ? tellAuthority(event.data) : null;
    }
    case "standing": {
      const event = StandingEvent.safeParse(raw);
      return event.success ? tellStanding(event.data) : null;
    }
    case "notice": {
      const event = NoticeEvent.safeParse(raw);
      return event.success ? tellNotice(event.data) : null;
    }
  }
}

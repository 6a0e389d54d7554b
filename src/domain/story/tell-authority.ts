import type { AuthorityEvent } from "../authority/events.ts";
import { wishText } from "../authority/wish-text.ts";
import type { NoticeEvent } from "../notice/notice.ts";
import type { StandingEvent } from "../standing/events.ts";
import { decisionLines, type Told } from "./told.ts";

/** One event of what was taken away or given back, for a person who reads the ledger. */
export function tellAuthority(event: AuthorityEvent): Told {
  if (event.type === "authority_lowered") {
    return {
      what: "authority lowered",
      who: "",
      lines: [`mode ${event.mode}`, event.reason, ...event.evidence],
    };
  }
  const who = `${event.name} (${event.userId})`;
  const because = `because: ${event.reason}`;
  switch (event.type) {
    case "override_set":
      return {
        what: "override",
        who,
        lines: [
          `${wishText(event.wish)} until ${event.until}`,
          because,
          ...decisionLines("override", event.decision),
        ],
      };
    case "resume_requested":
      return { what: "resume asked for", who, lines: [because, ...decisionLines("resume", event.decision)] };
    case "authority_resumed":
      return { what: "resumed", who, lines: [because, ...decisionLines("resume", event.decision)] };
    case "override_refused":
      return { what: `${event.asked} refused`, who, lines: [event.reason] };
  }
}

/** One event of a standing approval. */
export function tellStanding(event: StandingEvent): Told {
  switch (event.type) {
    case "standing_granted":
      return { what: "granted", who: "", lines: [] };
    case "standing_used":
      return { what: "used", who: "", lines: [event.changeId] };
    default:
  }
  const who = `${event.name} (${event.userId})`;
  switch (event.type) {
    case "standing_requested": {
      const { bounds, summary, reason, decision } = event;
      const { ref, maxUses, until } = bounds;
      return {
        what: "standing approval asked for",
        who,
        lines: [
          summary,
          `flag ${ref.key} in ${ref.project}/${ref.environment}, at most ${maxUses} uses, until ${until}`,
          `because: ${reason}`,
          ...decisionLines("grant", decision),
        ],
      };
    }
    case "standing_endorsed":
      return { what: "agreed", who, lines: [`as ${event.roles.join(", ")}`] };
    case "standing_revoked":
      return { what: "revoked", who, lines: [`because: ${event.reason}`] };
    case "standing_refused":
      return { what: `${event.asked} refused`, who, lines: [event.reason] };
  }
}

/** What was decided about one line outside an incident's thread. */
export function tellNotice({ part, decision }: NoticeEvent): Told {
  return { what: "notice", who: "", lines: [part, ...decisionLines("post", decision)] };
}

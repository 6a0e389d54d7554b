import type { ChangeEvent } from "../change/events.ts";
import type { ChainCheck } from "../change/outcome.ts";
import type { Proposal } from "../change/proposal.ts";
import { agentText, decisionLines, indented, type Told } from "./told.ts";

/** One event of a change for a person who reads the ledger: who, what, and the lines that carry the detail. */
export function tellChange(event: ChangeEvent): Told {
  switch (event.type) {
    case "change_proposed":
      return {
        what: "proposed",
        who: agentText(event.proposal.action.actor),
        lines: proposalLines(event.proposal),
      };
    case "change_revised":
      return {
        what: "revised",
        who: event.userId === "" ? event.by : `${event.by} (${event.userId})`,
        lines: [...event.changed, ...quoted("because", event.rationale), ...proposalLines(event.proposal)],
      };
    case "decided":
      return { what: "policy", who: "", lines: decisionLines(event.occasion, event.decision) };
    case "vote_cast": {
      const { vote, name, userId, roles, rationale, version } = event.vote;
      const head = `${vote === "approve" ? "approved" : "rejected"} version ${version} as ${roles.join(", ")}`;
      return { what: "vote", who: `${name} (${userId})`, lines: [head, ...quoted("because", rationale)] };
    }
    case "vote_refused":
      return {
        what: "vote refused",
        who: `${event.name} (${event.userId})`,
        lines: [`wanted to ${event.vote}: ${event.reason}`],
      };
    case "action_refused":
      return {
        what: `${event.action} refused`,
        who: `${event.name} (${event.userId})`,
        lines: [event.reason],
      };
    case "change_approved":
      return {
        what: "approved",
        who: "",
        lines: [`digest ${event.digest}`, `to be run before ${event.expiresAt}`],
      };
    case "change_rejected":
      return { what: "rejected", who: event.by, lines: quoted("because", event.rationale) };
    case "change_denied":
      return { what: "denied", who: "", lines: [event.reason] };
    case "change_expired":
      return {
        what: "expired",
        who: "",
        lines: [
          "nobody decided in time",
          ...(event.fallback === undefined ? [] : [`mode ${event.fallback}`]),
        ],
      };
    case "approval_chased":
      return {
        what: event.kind.replaceAll("_", " "),
        who: "",
        lines: [
          `after ${event.afterMs / 60_000} min`,
          ...event.roles.map((role) => `asked as well: ${role}`),
        ],
      };
    case "attested": {
      const { name, userId, statement, digest } = event.attestation;
      return { what: "attested", who: `${name} (${userId})`, lines: [statement, `digest ${digest}`] };
    }
    case "glass_broken": {
      const { name, userId, roles, words, rationale, until } = event.glass;
      return {
        what: "EMERGENCY",
        who: `${name} (${userId})`,
        lines: [
          `approved alone as ${roles.join(", ")}, until ${until}`,
          ...quoted("typed", words),
          ...quoted("because", rationale),
        ],
      };
    }
    case "standing_used":
      return { what: "standing approval", who: event.use.by, lines: [event.use.standingId] };
    case "change_superseded":
      return {
        what: "superseded",
        who: "",
        lines: [event.reason, ...indented("the flag now", event.current)],
      };
    case "votes_voided":
      return { what: "votes voided", who: "", lines: [event.reason] };
    case "execution_started":
      return {
        what: "execution",
        who: "",
        lines: [`operation ${event.operationId}, lease epoch ${event.epoch}`, `digest ${event.digest}`],
      };
    case "execution_uncertain":
      return { what: "uncertain", who: "", lines: [event.reason] };
    case "change_applied": {
      const how = event.reconciled ? "settled by reading back" : `after ${event.latencyMs} ms`;
      return {
        what: "applied",
        who: "",
        lines: [`revision ${event.revision}, ${how}`, ...chainLines(event.chain)],
      };
    }
    case "execution_failed":
      return { what: "failed", who: "", lines: [event.reason] };
    case "human_needed":
      return {
        what: "needs a person",
        who: "",
        lines: [event.reason, ...indented("the flag now", event.current)],
      };
    case "change_verified": {
      const { verdict, title, troubled, now, unit, reason } = event.verification;
      return {
        what: "verified",
        who: "",
        lines: [`${verdict}: ${title} ${figure(troubled, unit)} → ${figure(now, unit)}`, reason],
      };
    }
    case "change_closed": {
      const { resolution, owner, by, note, reviewAt, linkedChangeId } = event;
      return {
        what: "closed",
        who: by,
        lines: [
          `${resolution}, owner ${owner}${reviewAt === null ? "" : `, review at ${reviewAt}`}`,
          ...(linkedChangeId === null ? [] : [`by ${linkedChangeId}`]),
          ...quoted("note", note),
        ],
      };
    }
    case "review_due":
      return { what: "review due", who: "", lines: [] };
  }
}

function proposalLines({ plan, summary, digest }: Proposal): string[] {
  return [
    summary,
    `flag ${plan.ref.key} in ${plan.ref.project}/${plan.ref.environment}, revision ${plan.before.flag.revision}`,
    ...indented("change", plan.diff),
    ...indented("reverse", plan.reverseDiff),
    `digest ${digest}`,
  ];
}

function chainLines(chain: ChainCheck): string[] {
  switch (chain.kind) {
    case "intact":
      return ["FeatBit's audit chain is intact"];
    case "unread":
      return [`FeatBit's audit chain could not be read: ${chain.reason}`];
    case "broken":
      return [
        `FeatBit's audit chain is BROKEN: a change by ${chain.by} of ${chain.changedAt} was overwritten`,
        ...indented("lost", chain.lost),
      ];
  }
}

function figure(value: number | null, unit: string): string {
  return value === null ? "no data" : `${Number(value.toPrecision(4))}${unit}`;
}

function quoted(word: string, text: string): string[] {
  return text === "" ? [] : [`${word}: "${text}"`];
}

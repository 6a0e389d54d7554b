import type {
  ActionAnswer,
  Expansion,
  OpenChange,
  PersonActions,
} from "../../src/pipeline/ports/person-actions.ts";

type Acts = Exclude<keyof PersonActions, "check" | "checkMute" | "checkCloseIncident" | "expansions">;
export type Act = { [Name in Acts]: { act: Name; input: Parameters<PersonActions[Name]>[0] } }[Acts];

/** Remembers what people did; permits whoever is in `permitted`; can be made to take its time. */
export function createFakePersonActions(permitted: readonly string[]) {
  const acts: Act[] = [];
  const checks: { userId: string; action: string }[] = [];
  let delayMs = 0;
  let unavailable = false;
  let openChange: OpenChange | null = null;
  const expansions: Expansion[] = [];

  const answer = async (userId: string, text: string, act?: Act): Promise<ActionAnswer> => {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (unavailable) return { kind: "unavailable", reason: "Slack could not be asked who you are." };
    if (!permitted.includes(userId)) {
      const whoMay = { groups: ["S0REV"], users: ["U0ADA"] };
      return { kind: "refused", reason: "it takes a role that permits it", whoMay };
    }
    if (act !== undefined) acts.push(act);
    return { kind: "done", text };
  };

  const actions: PersonActions = {
    check: (_changeId, userId, action) => {
      checks.push({ userId, action });
      return answer(userId, "Yes.");
    },
    vote: (input) => answer(input.userId, `Your vote counts: ${input.vote}.`, { act: "vote", input }),
    acknowledge: (input) => answer(input.userId, "You are on it.", { act: "acknowledge", input }),
    checkCloseIncident: ({ userId }) => {
      checks.push({ userId, action: "close" });
      return answer(userId, "Yes.");
    },
    closeIncident: (input) =>
      answer(input.userId, `${input.incidentId} is closed.`, { act: "closeIncident", input }),
    close: (input) => answer(input.userId, "Closed.", { act: "close", input }),
    revert: (input) => answer(input.userId, "The reverse is drafted.", { act: "revert", input }),
    expand: (input) => answer(input.userId, "The wider change is drafted.", { act: "expand", input }),
    restoreOverwritten: (input) => answer(input.userId, "Drafted.", { act: "restoreOverwritten", input }),
    redraft: async (input) => {
      if (openChange === null) {
        return answer(input.userId, "It is being looked at again.", { act: "redraft", input });
      }
      const reason = `${openChange.changeId} is open already: decide on that one first.`;
      return { kind: "refused", reason, whoMay: { groups: [], users: [] }, openChange };
    },
    giveFeedback: (input) => answer(input.userId, "Thank you.", { act: "giveFeedback", input }),
    checkMute: ({ userId }) => {
      checks.push({ userId, action: "mute" });
      return answer(userId, "Yes.");
    },
    mute: (input) => answer(input.userId, `${input.service} is muted.`, { act: "mute", input }),
    unmute: (input) => answer(input.userId, `${input.service} is not muted.`, { act: "unmute", input }),
    expansions: async () => expansions,
  };
  return {
    actions,
    acts,
    checks,
    expansions,
    slowDown: (ms: number) => {
      delayMs = ms;
    },
    refuseRedraft: (open: OpenChange) => {
      openChange = open;
    },
    fail: (on: boolean) => {
      unavailable = on;
    },
  };
}

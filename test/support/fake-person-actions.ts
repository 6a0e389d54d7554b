import { OpsError } from "../../src/domain/ops-error.ts";
import { incidentId } from "./change-fixtures.ts";
import type { Home } from "../../src/pipeline/ports/home.ts";
import type {
  ActionAnswer,
  EditChoices,
  Expansion,
  OperationChoice,
  OpenChange,
  PersonActions,
} from "../../src/pipeline/ports/person-actions.ts";

type Acts = Exclude<
  keyof PersonActions,
  | "home"
  | "barred"
  | "check"
  | "checkMute"
  | "checkAuthority"
  | "checkCloseIncident"
  | "expansions"
  | "editChoices"
  | "offerOperations"
  | "checkStanding"
  | "offerPlaces"
>;
export type Act = { [Name in Acts]: { act: Name; input: Parameters<PersonActions[Name]>[0] } }[Acts];

/** Remembers what people did; permits whoever is in `permitted`; can be made to take its time. */
export function createFakePersonActions(permitted: readonly string[]) {
  const acts: Act[] = [];
  const checks: { userId: string; action: string }[] = [];
  let delayMs = 0;
  let unavailable = false;
  let openChange: OpenChange | null = null;
  const expansions: Expansion[] = [];
  const editChoices: EditChoices = {
    candidates: [],
    percent: false,
    variations: [],
    segments: [],
    metrics: [],
    expected: null,
  };
  const operations: OperationChoice[] = [];

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

  const places = [
    { service: "checkout", environmentName: "production" },
    { service: "search", environmentName: "staging" },
  ];
  let home: Home = {
    kind: "shown",
    waiting: [],
    incidents: [],
    modes: [],
    lowered: [],
    mayLower: false,
  };

  const actions: PersonActions = {
    home: async () => {
      if (unavailable) throw new OpsError("unreachable", "The database cannot be reached.");
      return home;
    },
    barred: async () => null,
    check: (_changeId, userId, action) => {
      checks.push({ userId, action });
      return answer(userId, "Yes.");
    },
    vote: (input) => answer(input.userId, `Your vote counts: ${input.vote}.`, { act: "vote", input }),
    breakGlass: (input) => answer(input.userId, "Approved in an emergency.", { act: "breakGlass", input }),
    edit: (input) => answer(input.userId, "It is version 2 now.", { act: "edit", input }),
    editChoices: async () => editChoices,
    attest: (input) => answer(input.userId, "It is recorded with your name.", { act: "attest", input }),
    offerPlaces: async ({ userId, text }) => {
      const asked = await answer(userId, "Yes.");
      if (asked.kind !== "done") return asked;
      const named = places.find(({ service }) => text.includes(service)) ?? null;
      return { kind: "offered", places, named };
    },
    lookInto: async (input) => {
      const done = await answer(input.userId, "It is being looked at.", { act: "lookInto", input });
      return done.kind === "done" ? { ...done, incidentId } : done;
    },
    acknowledge: (input) => answer(input.userId, "You are on it.", { act: "acknowledge", input }),
    checkCloseIncident: ({ userId }) => {
      checks.push({ userId, action: "close" });
      return answer(userId, "Yes.");
    },
    closeIncident: (input) =>
      answer(input.userId, `${input.incidentId} is closed.`, { act: "closeIncident", input }),
    close: (input) => answer(input.userId, "Closed.", { act: "close", input }),
    offerOperations: async ({ userId }) => {
      const asked = await answer(userId, "Yes.");
      return asked.kind === "done" ? { kind: "offered", choices: operations } : asked;
    },
    propose: (input) => answer(input.userId, "It is drafted.", { act: "propose", input }),
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
    checkStanding: ({ userId }) => {
      checks.push({ userId, action: "grant_standing" });
      return answer(userId, "Yes.");
    },
    requestStanding: (input) => answer(input.userId, "Asked for.", { act: "requestStanding", input }),
    endorseStanding: (input) => answer(input.userId, "You agree.", { act: "endorseStanding", input }),
    revokeStanding: (input) => answer(input.userId, "Revoked.", { act: "revokeStanding", input }),
    checkAuthority: ({ userId, asked }) => {
      checks.push({ userId, action: asked });
      return answer(userId, "Yes.");
    },
    override: (input) => answer(input.userId, `Set for ${input.scope}.`, { act: "override", input }),
    resume: (input) => answer(input.userId, `Given back for ${input.scope}.`, { act: "resume", input }),
    expansions: async () => expansions,
  };
  return {
    actions,
    acts,
    checks,
    expansions,
    editChoices,
    showAtHome: (shown: Home) => {
      home = shown;
    },
    operations,
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

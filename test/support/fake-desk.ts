import type { AuthorityState } from "../../src/domain/authority/authority.ts";
import { OpsError } from "../../src/domain/ops-error.ts";
import type { IncidentView } from "../../src/pipeline/ports/announcer.ts";
import type { MuteState } from "../../src/domain/mute/mute.ts";
import type { Quarantined } from "../../src/pipeline/ports/storage.ts";
import type { Desk, Status } from "../../src/pipeline/ports/person-actions.ts";
import type { StandingState } from "../../src/domain/standing/standing.ts";
import { DeliveryId, StandingId, toInstant } from "../../src/domain/ids.ts";
import { onFlag, snapshotOf } from "./change-fixtures.ts";

const muted: MuteState = {
  service: "search",
  muted: {
    at: toInstant(Date.UTC(2026, 10, 21, 2)),
    until: toInstant(Date.UTC(2026, 10, 21, 4)),
    userId: "U0MAYA",
    name: "Maya",
    reason: "index <!channel> rebuild",
  },
};

const lowered: AuthorityState = {
  scope: "search",
  overrides: [
    {
      wish: { kind: "mode", mode: "off" },
      at: toInstant(Date.UTC(2026, 10, 21, 2)),
      until: toInstant(Date.UTC(2026, 10, 21, 4)),
      reason: "index <!channel> rebuild",
      userId: "U0MAYA",
      name: "Maya",
    },
  ],
  lowered: null,
  resumeAsked: [],
  resumedAt: null,
};

const standing: StandingState = {
  id: StandingId.parse("STA-0000000001"),
  status: "requested",
  bounds: {
    ref: { project: "shop", environment: "prod", environmentId: "env-1", key: "checkout_one_click" },
    operation: { tool: "flag.turn_off" },
    condition: { severity: "error", confidence: "high", service: "checkout" },
    maxUses: 2,
    until: toInstant(Date.UTC(2026, 10, 21, 4)),
  },
  summary: "Turn checkout_one_click off, in shop/prod",
  reason: "it <!channel> flaps",
  requestedBy: { userId: "U0MAYA", name: "Maya" },
  requestedAt: toInstant(Date.UTC(2026, 10, 21, 2)),
  endorsedBy: [],
  grantedAt: null,
  uses: [],
  revoked: null,
};

const quarantined: Quarantined = {
  id: DeliveryId.parse("0198c0de-0000-7000-8000-000000000007"),
  sourceId: "alertmanager",
  receivedAt: toInstant(Date.UTC(2026, 10, 21, 2)),
  reason: "alerts[0].labels: <!here> password=hunter2hunter2 is no object",
};

const status: Status = {
  database: "up",
  queueBackend: "postgres",
  drafter: "rules",
  openIncidents: 1,
  pendingApprovals: 1,
  waitingWork: 0,
  parkedWork: [],
  quarantined: 2,
  sources: [{ sourceId: "alertmanager", waiting: 1, quarantined: 2 }],
  heldBack: 1,
  mutes: [muted],
  feedback: { useful: 3, notUseful: 1 },
  ledger: { entries: 12, checkpoint: null, fault: null },
  controls: [{ key: "signalman-mode", value: "approval_required", reason: "fallthrough" }],
};

/** Reads one incident as it stands whenever it is asked. */
export function createFakeDesk(
  view: () => IncidentView,
): Desk & { breakDown(): void; hang(on: boolean): void } {
  let broken = false;
  let hanging = false;
  const ready = async (): Promise<IncidentView> => {
    if (hanging) await new Promise(() => undefined);
    if (broken) throw new OpsError("unreachable", "The database cannot be reached.");
    return view();
  };
  return {
    breakDown: () => {
      broken = true;
    },
    hang: (on) => {
      hanging = on;
    },
    incident: async (id) => {
      const known = await ready();
      return known.incident.id === id ? known : null;
    },
    change: async (id) => (await ready()).changes.find((change) => change.id === id) ?? null,
    pending: async () => (await ready()).changes.filter((change) => change.status === "awaiting_approval"),
    cleanup: async () => (await ready()).changes.filter((change) => change.status === "applied"),
    status: async () => {
      await ready();
      return status;
    },
    mutes: async () => {
      await ready();
      return [muted];
    },
    lowered: async () => {
      await ready();
      return [lowered];
    },
    standings: async () => {
      await ready();
      return [standing];
    },
    services: () => ["checkout", "search"],
    quarantined: async (limit, sourceId) => {
      await ready();
      return [quarantined]
        .filter((each) => sourceId === undefined || each.sourceId === sourceId)
        .slice(0, limit);
    },
    environments: () => [
      { service: "checkout", name: "production", project: "shop", environment: "prod" },
      { service: "search", name: "staging", project: "shop", environment: "staging" },
    ],
    flags: async ({ project, environment }) => {
      await ready();
      const flag = {
        key: `${environment}_flag`,
        name: "A flag",
        isEnabled: true,
        tags: [],
        serves: "On to everyone.",
        lastChangeAt: "2026-11-21T01:00:00Z",
      };
      return { project, environment, flags: [flag] };
    },
    flag: async (key) => {
      await ready();
      const flag = onFlag();
      if (flag.key !== key) return [];
      const entry = {
        auditId: "a1",
        at: toInstant(Date.UTC(2026, 10, 21, 1)),
        author: { name: "Dora Developer", email: null },
        comment: "",
        before: onFlag({ isEnabled: false }),
        after: flag,
      };
      return [{ snapshot: snapshotOf(flag), history: [entry], webUrl: "https://flags.example.test/shop" }];
    },
    flagChanges: async () => ({ places: [], own: (await ready()).changes }),
    staleFlags: async () => {
      await ready();
      return [];
    },
    story: async () => {
      await ready();
      return null;
    },
  };
}

import { Tool } from "../flag/operation.ts";
import { controlsTag } from "./control-flags.ts";
import type { GovernanceContract } from "./governance-contract.ts";
import { authority, type Mode } from "./mode.ts";
import type { Roles } from "./roles.ts";
import { ReadTool } from "./tool-name.ts";

/** What a contract has to answer before its tool may be let near production, in the order of the checklist. */
export const readinessPoints = [
  "owner",
  "boundary",
  "server_side",
  "safe_default",
  "approval",
  "outcomes",
  "audit",
  "disable",
  "rollout",
  "cleanup",
] as const;
export type ReadinessPoint = (typeof readinessPoints)[number];

export interface ReadinessFinding {
  point: ReadinessPoint;
  /** Where in the contract it stands. */
  path: readonly PropertyKey[];
  text: string;
}

interface Context {
  roles: Roles;
  /** The day that counts as today, `YYYY-MM-DD`. */
  today: string;
}

type Kind = "write" | "read" | "office";

/** Everything a contract does not answer. Pure; an empty list is a contract that is ready. */
export function readinessOf(contract: GovernanceContract, context: Context): ReadinessFinding[] {
  const kind = kindOf(contract.tool);
  return [
    ...owners(contract, context),
    ...boundary(contract, kind),
    ...serverSide(contract, kind),
    ...safeDefault(contract, kind),
    ...approval(contract, kind),
    ...outcomes(contract, kind),
    ...audit(contract, kind),
    ...disable(contract, kind),
    ...rollout(contract, kind),
    ...cleanup(contract, context),
  ];
}

function kindOf(tool: string): Kind {
  if (Tool.safeParse(tool).success) return "write";
  return ReadTool.safeParse(tool).success ? "read" : "office";
}

/** Nobody answers for what belongs to nobody. */
function owners({ owner, rollback }: GovernanceContract, { roles }: Context): ReadinessFinding[] {
  const missing = (name: string, path: PropertyKey[]): ReadinessFinding[] => {
    const role = Object.hasOwn(roles.roles, name) ? roles.roles[name] : undefined;
    if (role === undefined) {
      return [
        {
          point: "owner",
          path,
          text: `the owner "${name}" is no role of roles.yml; name one that people hold.`,
        },
      ];
    }
    if (role.groups.length > 0 || role.users.length > 0) return [];
    return [
      {
        point: "owner",
        path,
        text: `nobody holds the role "${name}" that owns it; give it a group or a user.`,
      },
    ];
  };
  return [...missing(owner, ["owner"]), ...missing(rollback.owner, ["rollback", "owner"])];
}

function boundary({ hardBoundary }: GovernanceContract, kind: Kind): ReadinessFinding[] {
  const found: ReadinessFinding[] = [];
  if (hardBoundary.apiScopes.length === 0) {
    found.push({
      point: "boundary",
      path: ["hardBoundary", "apiScopes"],
      text: "it names no API scope, so nothing bounds what it may need; name those it needs and no others.",
    });
  }
  if (kind === "write" && !hardBoundary.blockedTags.includes(controlsTag)) {
    found.push({
      point: "boundary",
      path: ["hardBoundary", "blockedTags"],
      text: `it could change Signalman's own controls; add the tag ${controlsTag}.`,
    });
  }
  return found;
}

/** Controls are read by the server's SDK and from our own database, never by a client that could be told otherwise. */
function serverSide({ runtimeControls }: GovernanceContract, kind: Kind): ReadinessFinding[] {
  if (kind === "office" || runtimeControls.includes("signalman-mode")) return [];
  return [
    {
      point: "server_side",
      path: ["runtimeControls"],
      text: "no FeatBit flag rules its mode at run time; name signalman-mode.",
    },
  ];
}

const safest: Record<Kind, Mode> = {
  write: "approval_required",
  read: "search_only",
  office: "approval_required",
};

function safeDefault(contract: GovernanceContract, kind: Kind): ReadinessFinding[] {
  const { defaultMode, reversibility, rollback, riskClass } = contract;
  const found: ReadinessFinding[] = [];
  const most: Mode = riskClass === "irreversible" || reversibility === "none" ? "draft_write" : safest[kind];
  const isPost = kind === "office" && riskClass === "external_effect";
  if (authority(defaultMode) > authority(most) && !isPost) {
    found.push({
      point: "safe_default",
      path: ["defaultMode"],
      text: `${defaultMode} is not safe by default for what cannot be taken back; ${most} is the most.`,
    });
  }
  if (authority(rollback.safestMode) > authority("search_only")) {
    found.push({
      point: "safe_default",
      path: ["rollback", "safestMode"],
      text: `${rollback.safestMode} is not safe when something is unhealthy; search_only is the most.`,
    });
  }
  return found;
}

function approval({ approval: rule }: GovernanceContract, kind: Kind): ReadinessFinding[] {
  if (kind === "read") return [];
  if (rule === undefined) {
    return [
      { point: "approval", path: ["tool"], text: "it has an effect and names nobody who approves it." },
    ];
  }
  if (kind === "write" && !rule.separationOfDuties) {
    return [
      {
        point: "approval",
        path: ["approval", "separationOfDuties"],
        text: "whoever asks for the change could approve it; set it to true.",
      },
    ];
  }
  return [];
}

/** It is written down what happens when people do not answer, and what a draft has to bring. */
function outcomes(
  { approval: rule, evidenceRule, workflow }: GovernanceContract,
  kind: Kind,
): ReadinessFinding[] {
  if (kind !== "write") return [];
  const found: ReadinessFinding[] = [];
  if (rule !== undefined && rule.sla === undefined) {
    found.push({
      point: "outcomes",
      path: ["approval"],
      text: "it does not say within which time a decision is expected; add approval.sla.",
    });
  }
  if (workflow !== "human-request" && evidenceRule.minimumCitations < 1) {
    found.push({
      point: "outcomes",
      path: ["evidenceRule", "minimumCitations"],
      text: "a draft of an agent could come without any evidence; ask for at least 1 citation.",
    });
  }
  return found;
}

const identities: Record<Kind, readonly string[]> = {
  write: ["signalman-executor"],
  read: ["signalman-worker"],
  office: ["signalman-web"],
};

/** The ledger names the identity that acted: it must be the one of the process that really does. */
function audit({ hardBoundary: { serviceIdentity } }: GovernanceContract, kind: Kind): ReadinessFinding[] {
  const known = identities[kind];
  if (known.includes(serviceIdentity)) return [];
  return [
    {
      point: "audit",
      path: ["hardBoundary", "serviceIdentity"],
      text: `it is carried out by ${known.join(" or ")}, not by ${serviceIdentity}; the ledger would name somebody else.`,
    },
  ];
}

function disable({ runtimeControls }: GovernanceContract, kind: Kind): ReadinessFinding[] {
  if (kind !== "write" || runtimeControls.includes("signalman-denied-tools")) return [];
  return [
    {
      point: "disable",
      path: ["runtimeControls"],
      text: "it cannot be switched off by itself; name signalman-denied-tools.",
    },
  ];
}

/** Authority is given step by step, so there have to be steps. */
function rollout({ allowedModes, defaultMode }: GovernanceContract, kind: Kind): ReadinessFinding[] {
  if (kind !== "write") return [];
  const below = allowedModes.filter((mode) => mode !== "off" && authority(mode) < authority(defaultMode));
  if (below.length >= 2) return [];
  return [
    {
      point: "rollout",
      path: ["allowedModes"],
      text: "there are no steps below its default by which it could be released slowly; allow search_only and draft_write.",
    },
  ];
}

function cleanup({ lifecycle }: GovernanceContract, { today }: Context): ReadinessFinding[] {
  const found: ReadinessFinding[] = [];
  const say = (text: string, ...path: PropertyKey[]) =>
    found.push({ point: "cleanup", path: ["lifecycle", ...path], text });
  if (lifecycle.kind === "temporary" && lifecycle.cleanupCondition === "") {
    say("what it changes is temporary and nobody says when it is cleaned up; add cleanupCondition.");
  }
  if (lifecycle.reviewDate === undefined) say("nobody is to look at this contract again; add reviewDate.");
  else if (lifecycle.reviewDate < today) {
    say(`its review date ${lifecycle.reviewDate} has passed; look at it and set the next one.`, "reviewDate");
  }
  return found;
}

// What the stand-in remembers. The shapes are FeatBit's own JSON (contract: FeatBit 5.4.2 REST API), in its key order.

export type Variation = { id: string; name: string; value: string | null };
export type RolloutVariation = { id: string; rollout: number[]; exptRollout: number };
export type Condition = { id: string; property: string; op: string; value: string };
export type Rule = {
  id: string;
  name: string;
  dispatchKey: string | null;
  includedInExpt: boolean;
  /** FeatBit accepts null here and stumbles over it later. */
  conditions: Condition[] | null;
  variations: RolloutVariation[];
};
type Fallthrough = {
  dispatchKey: string | null;
  includedInExpt: boolean;
  variations: RolloutVariation[];
};
type TargetUser = { keyIds: string[]; variationId: string };
export type Targeting = {
  targetUsers: TargetUser[];
  rules: Rule[];
  fallthrough: Fallthrough;
  exptIncludeAllTargets: boolean;
};

export type Flag = {
  envId: string;
  revision: string;
  name: string;
  description: string | null;
  key: string;
  variationType: string;
  variations: Variation[];
  targetUsers: TargetUser[];
  rules: Rule[];
  isEnabled: boolean;
  disabledVariationId: string;
  fallthrough: Fallthrough;
  exptIncludeAllTargets: boolean;
  tags: string[];
  isArchived: boolean;
  creatorId: string;
  updatorId: string;
  createdAt: string;
  updatedAt: string;
  id: string;
};

export type SegmentRule = { id: string; name: string; conditions: Condition[] };
export type Segment = {
  workspaceId: string;
  envId: string;
  name: string;
  key: string;
  type: string;
  scopes: string[];
  description: string | null;
  included: string[];
  excluded: string[];
  rules: SegmentRule[];
  tags: string[];
  isArchived: boolean;
  isEnvironmentSpecific: boolean;
  createdAt: string;
  updatedAt: string;
  id: string;
};

type Secret = { id: string; name: string; type: "server" | "client"; value: string };
export type Environment = {
  projectId: string;
  name: string;
  key: string;
  description: string;
  secrets: Secret[];
  settings: { requireChangeComment: boolean };
  createdAt: string;
  updatedAt: string;
  id: string;
};
export type Project = { id: string; name: string; key: string; environments: Environment[] };

export type Statement = {
  id: string;
  resourceType: string;
  effect: "allow" | "deny";
  actions: string[];
  resources: string[];
};
export type AccessToken = {
  id: string;
  name: string;
  token: string;
  status: "Active" | "Inactive";
  permissions: Statement[];
};
/** A person. `bearer` is the text that stands for this person's login (a JWT on the real server). */
export type User = { id: string; name: string; email: string; bearer?: string };

/** Who a change is attributed to in the audit log. */
export type Actor = {
  kind: "token" | "user" | "system";
  id: string;
  name: string | null;
  email: string;
  permissions: Statement[];
};

export type Instruction = { kind: string; value: unknown };
export type AuditEntry = {
  id: string;
  envId: string;
  refId: string;
  refType: "FeatureFlag" | "Segment";
  keyword: string;
  operation: string;
  previous: string;
  current: string;
  comment: string;
  creatorId: string;
  creatorName: string | null;
  creatorEmail: string;
  createdAt: string;
  instructions: Instruction[];
};

export type Trigger = {
  id: string;
  token: string;
  flagId: string;
  action: "turn-on" | "turn-off";
  isEnabled: boolean;
  triggeredTimes: number;
};

export type Webhook = {
  id: string;
  name: string;
  url: string;
  /** `<projectId>/<envId>,<envId>` */
  scopes: string[];
  events: string[];
  headers: { key: string; value: string }[];
  secret: string;
  isActive: boolean;
};

export type World = {
  workspaceId: string;
  organization: { id: string; name: string; key: string };
  projects: Project[];
  users: User[];
  tokens: AccessToken[];
  flags: Flag[];
  segments: Segment[];
  audits: AuditEntry[];
  triggers: Trigger[];
  webhooks: Webhook[];
};

export const findEnv = (world: World, envId: string): { project: Project; env: Environment } | undefined => {
  for (const project of world.projects) {
    const env = project.environments.find((candidate) => candidate.id === envId);
    if (env) return { project, env };
  }
  return undefined;
};

export const findFlag = (world: World, envId: string, key: string): Flag | undefined =>
  world.flags.find((flag) => flag.envId === envId && flag.key === key);

export const findSegment = (world: World, id: string): Segment | undefined =>
  world.segments.find((segment) => segment.id === id);

export const referencingFlags = (world: World, segmentId: string): Flag[] =>
  world.flags.filter((flag) =>
    flag.rules.some((rule) =>
      (rule.conditions ?? []).some(
        (condition) => isSegmentCondition(condition) && condition.value.includes(segmentId),
      ),
    ),
  );

export const isSegmentCondition = (condition: Condition): boolean =>
  condition.property === "User is in segment" || condition.property === "User is not in segment";

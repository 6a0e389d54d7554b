import { appendAudit } from "./audit.ts";
import { OWNER, userActor } from "./api.ts";
import { newGuid, newRowId } from "./guid.ts";
import { microsOf, toInstant, toStored } from "./instants.ts";
import { newEnvironment } from "./projects.ts";
import type { Sandbox } from "./sandbox.ts";
import type {
  AccessToken,
  Actor,
  Environment,
  Flag,
  Segment,
  SegmentRule,
  Statement,
  Targeting,
  Trigger,
  User,
  Variation,
  Webhook,
} from "./world.ts";

/** What a sandbox starts with, or gets later. An environment is named `<project key>/<environment key>`. */
export type Seed = {
  users?: { id?: string; name: string; email: string; bearer?: string }[];
  projects?: {
    id?: string;
    key: string;
    name: string;
    environments: { id?: string; key: string; name: string; serverSecret?: string; clientSecret?: string }[];
  }[];
  /** Without `permissions` a token may do everything. */
  tokens?: { id?: string; name: string; token: string; permissions?: Statement[] }[];
  segments?: SegmentSeed[];
  flags?: FlagSeed[];
  triggers?: { env: string; flag: string; action: "turn-on" | "turn-off"; token?: string }[];
  webhooks?: (Pick<Webhook, "url"> & Partial<Omit<Webhook, "id" | "scopes">> & { env: string })[];
};

type SegmentSeed = {
  id?: string;
  env: string;
  key: string;
  name?: string;
  included?: string[];
  excluded?: string[];
  rules?: SegmentRule[];
  createdAt?: Date;
};

type FlagSeed = {
  id?: string;
  env: string;
  key: string;
  name?: string;
  description?: string;
  /** Boolean On/Off unless told. The first one is served when on, the last one when off. */
  variationType?: string;
  variations?: Variation[];
  isEnabled?: boolean;
  disabledVariationId?: string;
  tags?: string[];
  isArchived?: boolean;
  createdAt?: Date;
  /** E-mail of the person or name of the token that made it; the first user unless told. */
  by?: string;
} & Partial<Targeting>;

export type Seeded = {
  projects: Map<string, string>;
  /** By `<project key>/<environment key>`. */
  environments: Map<string, { id: string; serverSecret: string; clientSecret: string }>;
  tokens: Map<string, { id: string; token: string }>;
  users: Map<string, User>;
  /** By `<project key>/<environment key>/<flag key>`. */
  flags: Map<string, Flag>;
  /** By `<project key>/<environment key>/<segment key>`. */
  segments: Map<string, Segment>;
  triggers: Trigger[];
  webhooks: Webhook[];
};

export function plant(sandbox: Sandbox, seed: Seed): Seeded {
  const seeded: Seeded = {
    projects: new Map(),
    environments: new Map(),
    tokens: new Map(),
    users: new Map(),
    flags: new Map(),
    segments: new Map(),
    triggers: [],
    webhooks: [],
  };
  for (const user of seed.users ?? []) seeded.users.set(user.email, plantUser(sandbox, user));
  for (const project of seed.projects ?? []) plantProject(sandbox, seeded, project);
  for (const token of seed.tokens ?? []) seeded.tokens.set(token.name, plantToken(sandbox, token));
  for (const segment of seed.segments ?? []) {
    seeded.segments.set(`${segment.env}/${segment.key}`, plantSegment(sandbox, segment));
  }
  for (const flag of seed.flags ?? []) seeded.flags.set(`${flag.env}/${flag.key}`, plantFlag(sandbox, flag));
  for (const { env, flag, action, token } of seed.triggers ?? []) {
    const envId = envNamed(sandbox, env).id;
    const target = sandbox.world.flags.find(
      (candidate) => candidate.envId === envId && candidate.key === flag,
    );
    if (!target) throw new Error(`seed: there is no flag "${flag}" in "${env}" for the trigger`);
    const text = token ?? newGuid().replaceAll("-", "").padEnd(40, "A");
    seeded.triggers.push({
      id: newGuid(),
      token: text,
      flagId: target.id,
      action,
      isEnabled: true,
      triggeredTimes: 0,
    });
  }
  for (const { env, ...webhook } of seed.webhooks ?? []) {
    const target = envNamed(sandbox, env);
    const defaults = {
      name: "hook",
      events: ["feature_flag.toggled"],
      headers: [],
      secret: "",
      isActive: true,
    };
    seeded.webhooks.push({
      ...defaults,
      ...webhook,
      id: newGuid(),
      scopes: [`${target.projectId}/${target.id}`],
    });
  }
  sandbox.world.triggers.push(...seeded.triggers);
  sandbox.world.webhooks.push(...seeded.webhooks);
  return seeded;
}

export function envNamed(sandbox: Sandbox, name: string): Environment {
  const [projectKey, envKey] = name.split("/");
  const project = sandbox.world.projects.find(({ key }) => key === projectKey);
  const env = project?.environments.find(({ key }) => key === envKey);
  if (!env)
    throw new Error(`seed: there is no environment "${name}"; name it "<project key>/<environment key>"`);
  return env;
}

function plantUser(sandbox: Sandbox, given: NonNullable<Seed["users"]>[number]): User {
  const user: User = { ...given, id: given.id ?? newGuid() };
  sandbox.world.users.push(user);
  return user;
}

function plantProject(sandbox: Sandbox, seeded: Seeded, given: NonNullable<Seed["projects"]>[number]): void {
  const id = given.id ?? newRowId(sandbox.now());
  const environments = given.environments.map((env) => {
    const made = newEnvironment(id, env, sandbox.now());
    const [server, client] = made.secrets;
    const secrets = { serverSecret: server?.value ?? "", clientSecret: client?.value ?? "" };
    seeded.environments.set(`${given.key}/${env.key}`, { id: made.id, ...secrets });
    return { ...made, createdAt: toStored(made.createdAt), updatedAt: toStored(made.updatedAt) };
  });
  sandbox.world.projects.push({ id, name: given.name, key: given.key, environments });
  seeded.projects.set(given.key, id);
}

function plantToken(sandbox: Sandbox, given: NonNullable<Seed["tokens"]>[number]): AccessToken {
  const token: AccessToken = {
    id: given.id ?? newRowId(sandbox.now()),
    name: given.name,
    token: given.token,
    status: "Active",
    permissions: given.permissions ?? OWNER,
  };
  sandbox.world.tokens.push(token);
  return token;
}

function plantSegment(sandbox: Sandbox, given: SegmentSeed): Segment {
  const env = envNamed(sandbox, given.env);
  const at = toStored(toInstant(given.createdAt?.getTime() ?? sandbox.now()));
  const { organization } = sandbox.world;
  const segment: Segment = {
    workspaceId: sandbox.world.workspaceId,
    envId: env.id,
    name: given.name ?? given.key,
    key: given.key,
    type: "environment-specific",
    scopes: [`organization/${organization.key}:project/${given.env.replace("/", ":env/")}`],
    description: "",
    included: given.included ?? [],
    excluded: given.excluded ?? [],
    rules: given.rules ?? [],
    tags: [],
    isArchived: false,
    isEnvironmentSpecific: true,
    createdAt: at,
    updatedAt: at,
    id: given.id ?? newRowId(microsOf(at) / 1000),
  };
  sandbox.world.segments.push(segment);
  const actor = actorNamed(sandbox, undefined);
  const nowMs = microsOf(at) / 1000;
  const change = { envId: env.id, operation: "Create", comment: "", actor, at, nowMs };
  appendAudit(sandbox.world, { ...change, kind: "Segment", after: segment });
  return structuredClone(segment);
}

function plantFlag(sandbox: Sandbox, given: FlagSeed): Flag {
  const env = envNamed(sandbox, given.env);
  const nowMs = given.createdAt?.getTime() ?? sandbox.now();
  const at = toStored(toInstant(nowMs));
  const { world } = sandbox;
  const actor = actorNamed(sandbox, given.by);
  const variations = given.variations ?? [
    { id: newGuid(), name: "On", value: "true" },
    { id: newGuid(), name: "Off", value: "false" },
  ];
  const first = variations[0]?.id ?? "";
  const flag: Flag = {
    envId: env.id,
    revision: newGuid(),
    name: given.name ?? given.key,
    description: given.description ?? "",
    key: given.key,
    variationType: given.variationType ?? "boolean",
    variations,
    targetUsers: given.targetUsers ?? [],
    rules: given.rules ?? [],
    isEnabled: given.isEnabled ?? false,
    disabledVariationId: given.disabledVariationId ?? variations.at(-1)?.id ?? "",
    fallthrough: given.fallthrough ?? {
      dispatchKey: null,
      includedInExpt: true,
      variations: [{ id: first, rollout: [0, 1], exptRollout: 1 }],
    },
    exptIncludeAllTargets: given.exptIncludeAllTargets ?? true,
    tags: given.tags ?? [],
    isArchived: given.isArchived ?? false,
    creatorId: actor.id,
    updatorId: actor.id,
    createdAt: at,
    updatedAt: at,
    id: given.id ?? newRowId(nowMs),
  };
  world.flags.push(flag);
  appendAudit(world, {
    kind: "FeatureFlag",
    envId: env.id,
    operation: "Create",
    comment: "",
    actor,
    after: flag,
    at,
    nowMs,
  });
  return structuredClone(flag);
}

export function actorNamed(sandbox: Sandbox, name: string | undefined): Actor {
  const { users, tokens } = sandbox.world;
  const user = name === undefined ? users[0] : users.find(({ email }) => email === name);
  if (user) return userActor(user);
  const token = name === undefined ? tokens[0] : tokens.find((candidate) => candidate.name === name);
  if (token)
    return {
      kind: "token",
      id: token.id,
      name: token.name,
      email: "Access token",
      permissions: token.permissions,
    };
  if (name !== undefined) throw new Error(`seed: there is no user or token "${name}"`);
  return { kind: "system", id: newGuid(), name: null, email: "System", permissions: [] };
}

import type { FeatBitReaderOptions } from "../../../src/adapters/featbit/featbit-reader.ts";
import { createFeatBitReader } from "../../../src/adapters/featbit/featbit-reader.ts";
import { createFeatBitWriter } from "../../../src/adapters/featbit/featbit-writer.ts";
import type { FlagSnapshot, Segment } from "../../../src/domain/flag/flag.ts";
import type { Operation } from "../../../src/domain/flag/operation.ts";
import { compile, type Plan } from "../../../src/domain/flag/plan.ts";
import type { FlagReader, FlagWriter } from "../../../src/pipeline/ports/flag-platform.ts";
import {
  createFeatBitSandbox,
  type FeatBitSandbox,
  type FeatBitSandboxOptions,
} from "../../../src/sandbox/featbit/featbit-sandbox.ts";

export const keys = { project: "shop", environment: "prod" };
export const checkout = { env: "shop/prod", key: "new-checkout" };
export const alice = "alice@example.com";
const environments = ["project/shop:env/*"];

export interface CheckoutWorld extends AsyncDisposable {
  featbit: FeatBitSandbox;
  reader: FlagReader;
  writer: FlagWriter;
  /** With a token that may archive and restore besides. */
  archivist: FlagWriter;
  internal: Segment;
  read(key?: string): Promise<FlagSnapshot>;
  plan(operation: Operation, key?: string): Promise<Plan>;
  /** Applies with an operation id of its own; the lease is ours unless told. */
  apply(plan: Plan, operationId?: string): ReturnType<FlagWriter["apply"]>;
}

/** The least a writing token needs, and what is granted apart. */
function writing(besides: string[]) {
  const changing = [
    "ToggleFlag",
    "UpdateFlagDefaultRule",
    "UpdateFlagIndividualTargeting",
    "UpdateFlagTargetingRules",
    "UpdateFlagOffVariation",
  ];
  return [
    {
      id: "e",
      resourceType: "env",
      effect: "allow" as const,
      actions: ["CanAccessEnv"],
      resources: environments,
    },
    {
      id: "f",
      resourceType: "flag",
      effect: "allow" as const,
      actions: [...changing, ...besides],
      resources: ["project/shop:env/*:flag/*"],
    },
  ];
}

/** A shop with a few flags in a FeatBit stand-in, and the adapter on it with tokens that may just do their work. */
export async function createCheckoutWorld(
  options: FeatBitSandboxOptions & {
    timeoutMs?: number;
    settleMs?: number;
    log?: FeatBitReaderOptions["log"];
  } = {},
): Promise<CheckoutWorld> {
  const featbit = await createFeatBitSandbox(options);
  const variations = ["one", "two", "three"].map((name, at) => ({
    id: `00000000-0000-4000-8000-00000000000${at}`,
    name,
    value: name,
  }));
  const seeded = featbit.seed({
    users: [{ name: "Alice", email: alice }],
    projects: [
      {
        key: "shop",
        name: "Shop",
        environments: [
          { key: "prod", name: "Prod" },
          { key: "dev", name: "Dev" },
        ],
      },
    ],
    tokens: [
      {
        name: "signalman-read",
        token: "api-read",
        permissions: [
          {
            id: "p",
            resourceType: "project",
            effect: "allow",
            actions: ["CanAccessProject"],
            resources: ["project/shop"],
          },
          {
            id: "e",
            resourceType: "env",
            effect: "allow",
            actions: ["CanAccessEnv"],
            resources: environments,
          },
        ],
      },
      { name: "signalman-write", token: "api-write", permissions: writing([]) },
      {
        name: "signalman-archive",
        token: "api-archive",
        permissions: writing(["ArchiveFlag", "RestoreFlag"]),
      },
    ],
    segments: [{ env: "shop/prod", key: "internal", name: "Internal", included: ["ann", "bob"] }],
    flags: [
      { ...checkout, name: "New checkout", isEnabled: true, tags: ["checkout"], description: "d" },
      {
        env: "shop/prod",
        key: "banner",
        isEnabled: true,
        variationType: "string",
        variations,
        tags: ["checkout"],
      },
      { env: "shop/prod", key: "old", isArchived: true, tags: ["checkout"] },
      { env: "shop/prod", key: "other", tags: ["else"] },
    ],
  });
  const address = { apiUrl: featbit.apiUrl, timeoutMs: options.timeoutMs ?? 3_000, log: options.log };
  const reader = createFeatBitReader({
    ...address,
    token: "api-read",
    consoleUrl: "https://flags.example.com/",
  });
  const writer = createFeatBitWriter({ ...address, token: "api-write", settleMs: options.settleMs ?? 40 });
  const archivist = createFeatBitWriter({
    ...address,
    token: "api-archive",
    settleMs: options.settleMs ?? 40,
  });
  const read = async (key = checkout.key) => {
    const snapshot = await reader.read(await reader.refOf(keys, key));
    if (snapshot === null) throw new Error(`no flag ${key}`);
    return snapshot;
  };
  const [internal] = await reader.segments(keys);
  if (internal === undefined || seeded.segments.size !== 1) throw new Error("no segment");
  let operations = 0;
  return {
    featbit,
    reader,
    writer,
    archivist,
    internal,
    read,
    async plan(operation, key) {
      const compiled = compile(operation, await read(key), [internal]);
      if (compiled.kind !== "plan") throw new Error(JSON.stringify(compiled));
      return compiled.plan;
    },
    apply: (plan, operationId = `OP-${++operations}-${crypto.randomUUID()}`) =>
      writer.apply({
        plan,
        operationId,
        comment: "asked by alice, approved by bob",
        stillOurs: async () => true,
      }),
    [Symbol.asyncDispose]: () => featbit[Symbol.asyncDispose](),
  };
}

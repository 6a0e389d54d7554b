import type { EnvironmentKeys } from "../../domain/service.ts";

export interface AccessStatement {
  id: string;
  resourceType: "project" | "env" | "flag";
  effect: "allow";
  actions: string[];
  resources: string[];
}

/** What Signalman asks FeatBit to do to a flag; nothing else is granted to the write token. */
export const writeActions = [
  "ToggleFlag",
  "UpdateFlagDefaultRule",
  "UpdateFlagIndividualTargeting",
  "UpdateFlagTargetingRules",
  "UpdateFlagOffVariation",
] as const;

/**
 * The least an access token needs in these environments: to see them, and for the executor's token to change their
 * flags. The form in which FeatBit takes the permissions of a service token (contract §1.7).
 */
export function accessStatements(
  right: "read" | "write",
  environments: readonly EnvironmentKeys[],
): AccessStatement[] {
  const projects = unique(environments.map(({ project }) => `project/${project}`));
  const named = unique(
    environments.map(({ project, environment }) => `project/${project}:env/${environment}`),
  );
  const flags = named.map((name) => `${name}:flag/*`);
  return [
    {
      id: "projects",
      resourceType: "project",
      effect: "allow",
      actions: ["CanAccessProject"],
      resources: projects,
    },
    { id: "environments", resourceType: "env", effect: "allow", actions: ["CanAccessEnv"], resources: named },
    ...(right === "read"
      ? []
      : [
          {
            id: "flags",
            resourceType: "flag" as const,
            effect: "allow" as const,
            actions: [...writeActions],
            resources: flags,
          },
        ]),
  ];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { z } from "zod";
import { suggestion } from "../domain/closest-word.ts";
import { ConfigError } from "../domain/config-error.ts";
import { Tool } from "../domain/flag/operation.ts";
import { Guardrails } from "../domain/guard/guardrails.ts";
import { durationMs, GovernanceContract } from "../domain/policy/governance-contract.ts";
import { PeopleMap } from "../domain/policy/people-map.ts";
import { Roles } from "../domain/policy/roles.ts";
import { ToolName } from "../domain/policy/tool-name.ts";
import { type FolderFile, readFolder } from "./read-folder.ts";
import { type ReadDocument, readYaml } from "./read-yaml.ts";

/** The reviewed rules. A tool without a contract is absent from the map and may therefore not be used. */
export interface Governance {
  contracts: Map<ToolName, GovernanceContract>;
  roles: Roles;
  guardrails: Guardrails;
  people: PeopleMap;
}

/** Files of the folder that are not contracts. */
const others = ["roles.yml", "people.yml", "guardrails.yml"];

/** Reads `<folder>/<tool>.yml` and `<folder>/roles.yml`. Throws `ConfigError` with all findings over all files. */
export function loadGovernance(folder: string): Governance {
  const read = readFolder(
    folder,
    ".yml",
    "set documents.governance in signalman.yml to a folder with governance contracts and roles.yml.",
  );
  if (read.kind === "faulty") throw new ConfigError(read.findings);
  const findings: string[] = [];
  const roles = readRoles(folder, findings);
  const contracts = new Map<ToolName, GovernanceContract>();
  for (const { name, shown, text } of read.files.filter((file) => !others.includes(file.name))) {
    const tool = ToolName.safeParse(name.slice(0, -".yml".length));
    if (!tool.success) {
      const known = ToolName.options.map((option) => `${option}.yml`);
      findings.push(
        `${shown}:1:1: there is no tool of this name; rename or remove the file.${suggestion(name, known)}`,
      );
      continue;
    }
    const contract = readYaml(text, { file: shown, schema: GovernanceContract });
    if (contract.kind === "faulty") {
      findings.push(...contract.findings);
      continue;
    }
    findings.push(...contradictions(tool.data, contract, roles));
    contracts.set(tool.data, contract.value);
  }
  const guardrails = readOptional(read.files, "guardrails.yml", Guardrails, findings);
  const people = readOptional(read.files, "people.yml", PeopleMap, findings);
  if (findings.length > 0 || roles === null || guardrails === null || people === null) {
    throw new ConfigError(findings);
  }
  return { contracts, roles, guardrails, people };
}

function readRoles(folder: string, findings: string[]): Roles | null {
  const file = `${basename(folder)}/roles.yml`;
  let text: string;
  try {
    text = readFileSync(join(folder, "roles.yml"), "utf8");
  } catch {
    findings.push(`${file}:1:1: the file is missing or unreadable; without it nobody may approve anything.`);
    return null;
  }
  const roles = readYaml(text, { file, schema: Roles });
  if (roles.kind === "read") return roles.value;
  findings.push(...roles.findings);
  return null;
}

/** Without the file what it says is what stands without being set. */
function readOptional<S extends z.ZodType>(
  files: readonly FolderFile[],
  name: string,
  schema: S,
  findings: string[],
): z.infer<S> | null {
  const file = files.find((each) => each.name === name);
  if (file === undefined) return schema.parse({});
  const read = readYaml(file.text, { file: file.shown, schema });
  if (read.kind === "read") return read.value;
  findings.push(...read.findings);
  return null;
}

/** What is well-formed and still cannot be meant. */
function contradictions(
  tool: ToolName,
  { value, placeOf }: ReadDocument<GovernanceContract>,
  roles: Roles | null,
): string[] {
  const findings: string[] = [];
  const say = (path: PropertyKey[], text: string): void => void findings.push(`${placeOf(path)}: ${text}`);
  if (value.tool !== tool) say(["tool"], `tool must be ${tool}, as the file is named, not ${value.tool}.`);
  for (const [key, mode] of [
    ["defaultMode", value.defaultMode],
    ["rollback", value.rollback.safestMode],
  ] as const) {
    if (!value.allowedModes.includes(mode)) {
      const name = key === "rollback" ? "rollback.safestMode" : key;
      say(
        key === "rollback" ? ["rollback", "safestMode"] : [key],
        `${name} is ${mode}, which allowedModes does not list; add it there or choose another.`,
      );
    }
  }
  const writes = Tool.safeParse(tool).success;
  if (writes && value.approval === undefined && value.allowedModes.includes("approval_required")) {
    say(
      ["allowedModes"],
      "approval_required is allowed but there is no approval section; add one or remove the mode.",
    );
  }
  if (writes && value.approval !== undefined && value.approval.requiredFor !== "every_use") {
    say(
      ["approval", "requiredFor"],
      "every use of a tool that changes a flag needs approval; write every_use or leave it out.",
    );
  }
  const missing = ["signalman-mode", "signalman-denied-tools"].find(
    (key) => !value.runtimeControls.includes(key),
  );
  if (writes && missing !== undefined) {
    say(["runtimeControls"], `a tool that changes a flag is ruled by ${missing}; name it here.`);
  }
  const { apiScopes, blockedScopes } = value.hardBoundary;
  const both = apiScopes.find((scope) => blockedScopes.includes(scope));
  if (both !== undefined) {
    say(
      ["hardBoundary", "blockedScopes"],
      `${both} stands in apiScopes as well; it can only be one of them.`,
    );
  }
  if (writes && value.lifecycle.kind === "temporary" && value.lifecycle.reviewAfter === undefined) {
    say(["lifecycle"], "a temporary change needs lifecycle.reviewAfter, such as 7d.");
  }
  for (const { path, text } of lateSteps(value)) say(path, text);
  if (roles === null) return findings;
  const known = Object.keys(roles.roles);
  for (const { path, names } of rolesNamedBy(value)) {
    for (const [index, role] of names.entries()) {
      if (known.includes(role)) continue;
      say(
        [...path, index],
        `there is no role "${role}" in roles.yml; it has ${known.join(", ") || "none"}.${suggestion(role, known)}`,
      );
    }
  }
  return findings;
}

/** Every list of roles in a contract, and where it stands. */
function rolesNamedBy({ approval }: GovernanceContract): { path: PropertyKey[]; names: string[] }[] {
  if (approval === undefined) return [];
  const { reviewers, escalation, breakGlass } = approval;
  return [
    ...Object.entries(reviewers).flatMap(([environment, { roles, requiredRoles }]) => [
      { path: ["approval", "reviewers", environment, "roles"], names: roles },
      { path: ["approval", "reviewers", environment, "requiredRoles"], names: requiredRoles },
    ]),
    ...escalation.map(({ roles }, index) => ({
      path: ["approval", "escalation", index, "roles"],
      names: roles,
    })),
    ...(breakGlass === undefined
      ? []
      : [{ path: ["approval", "breakGlass", "roles"], names: breakGlass.roles }]),
  ];
}

/** What is done while nobody decides, at a time when nothing can be decided any more. */
function lateSteps({ approval }: GovernanceContract): { path: PropertyKey[]; text: string }[] {
  if (approval === undefined) return [];
  const { expiresAfter, sla, reminders, escalation } = approval;
  const steps = [
    ...(sla === undefined ? [] : [{ path: ["sla"], after: sla }]),
    ...reminders.map((after, index) => ({ path: ["reminders", index], after })),
    ...escalation.map(({ after }, index) => ({ path: ["escalation", index, "after"], after })),
  ];
  return steps
    .filter(({ after }) => durationMs(after) >= durationMs(expiresAfter))
    .map(({ path, after }) => ({
      path: ["approval", ...path],
      text: `${after} is not before expiresAfter, ${expiresAfter}, when nothing can be decided any more; shorten it.`,
    }));
}

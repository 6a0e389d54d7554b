import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { lintGovernance } from "../../../src/documents/lint-governance.ts";
import type { readinessPoints } from "../../../src/domain/policy/readiness.ts";
import { ToolName } from "../../../src/domain/policy/tool-name.ts";

const shipped = join(import.meta.dirname, "..", "..", "..", "governance");
const today = "2026-12-01";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "signalman-governance-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the shipped files answer the whole checklist, and nothing in them is unreachable", () => {
  const { findings, contracts } = lintGovernance(shipped, today);
  expect(findings).toEqual([]);
  expect(contracts.map(({ tool }) => tool)).toEqual(ToolName.options);
});

test("a day after the review date they do not any more", () => {
  const { findings, contracts } = lintGovernance(shipped, "2027-07-01");
  expect(findings).toHaveLength(ToolName.options.length);
  for (const { missing } of contracts) expect([...missing]).toEqual(["cleanup"]);
});

type Edit = [file: string, from: string | RegExp, to: string];
const turnOff = "flag.turn_off.yml";

/** What is done to the shipped files, what is found, and which point of the checklist is then not answered. */
const seeded: [string, Edit, RegExp, (typeof readinessPoints)[number] | null][] = [
  [
    "an owner that is no role",
    [turnOff, "owner: release-manager", "owner: somebody"],
    /turn_off\.yml:\d+:\d+: the owner "somebody" is no role/,
    "owner",
  ],
  [
    "an owner that nobody holds",
    ["roles.yml", "groups: [S0PLATFORM]", "groups: []"],
    /nobody holds the role "platform" that owns it/,
    "owner",
  ],
  [
    "no API scope",
    ["audit.read.yml", "apiScopes: [CanAccessEnv]", "apiScopes: []"],
    /names no API scope/,
    "boundary",
  ],
  [
    "a write that reaches Signalman's own controls",
    [turnOff, "signalman-controls, ", ""],
    /could change Signalman's own controls/,
    "boundary",
  ],
  [
    "a read that no flag rules",
    ["flag.read.yml", "runtimeControls: [signalman-mode]", "runtimeControls: []"],
    /no FeatBit flag rules its mode/,
    "server_side",
  ],
  [
    "a default for what cannot be undone",
    [turnOff, "reversibility: automatic", "reversibility: none"],
    /approval_required is not safe by default/,
    "safe_default",
  ],
  [
    "a safest mode that is not",
    [turnOff, "safestMode: search_only", "safestMode: draft_write"],
    /draft_write is not safe when something is unhealthy/,
    "safe_default",
  ],
  [
    "self-approval",
    [turnOff, "separationOfDuties: true", "separationOfDuties: false"],
    /whoever asks for the change could approve it/,
    "approval",
  ],
  ["no expected time", [turnOff, /\n {2}sla: .*/, ""], /does not say within which time/, "outcomes"],
  [
    "drafts without evidence",
    [turnOff, "minimumCitations: 1", "minimumCitations: 0"],
    /without any evidence/,
    "outcomes",
  ],
  [
    "another identity",
    [turnOff, "serviceIdentity: signalman-executor", "serviceIdentity: signalman-web"],
    /the ledger would name somebody else/,
    "audit",
  ],
  [
    "no steps",
    [
      turnOff,
      "allowedModes: [off, observe, fallback, search_only, draft_write, approval_required]",
      "allowedModes: [off, search_only, approval_required]",
    ],
    /no steps below its default/,
    "rollout",
  ],
  [
    "no clean-up",
    [turnOff, /\n {2}cleanupCondition: .*/, ""],
    /nobody says when it is cleaned up/,
    "cleanup",
  ],
  ["no review date", [turnOff, /\n {2}reviewDate: .*/, ""], /add reviewDate/, "cleanup"],
  [
    "a reviewer who may not approve",
    [turnOff, "roles: [release-manager, service-owner]", "roles: [release-manager, on-call]"],
    /the role on-call may not approve a reversible_write there/,
    null,
  ],
  [
    "a role that nobody holds",
    ["roles.yml", "groups: [S0CHECKOUT]", "groups: []"],
    /nobody holds the role service-owner, so what it permits is unreachable/,
    null,
  ],
  [
    "a grant that an earlier one covers",
    ["roles.yml", '      - actions: ["*"]\n', '      - actions: ["*"]\n      - actions: [approve]\n'],
    /says all of it already/,
    null,
  ],
];

describe("a seeded fault is found at its line:", () => {
  it.each(seeded)("%s", (_, [file, from, to], finding, point) => {
    const place = join(folder, "one");
    rmSync(place, { recursive: true, force: true });
    cpSync(shipped, place, { recursive: true });
    const text = readFileSync(join(place, file), "utf8");
    const edited = text.replace(from, to);
    expect(edited).not.toBe(text);
    writeFileSync(join(place, file), edited);
    const { findings, contracts } = lintGovernance(place, today);
    expect(findings.join("\n")).toMatch(finding);
    if (point === null) return;
    expect(contracts.some(({ missing }) => missing.has(point))).toBe(true);
  });

  it("a tool without a contract", () => {
    const place = join(folder, "without");
    cpSync(shipped, place, { recursive: true });
    rmSync(join(place, turnOff));
    expect(lintGovernance(place, today).findings).toEqual([
      expect.stringMatching(/flag\.turn_off has no contract/),
    ]);
  });

  it("a file that cannot be read as one", () => {
    const place = join(folder, "broken");
    cpSync(shipped, place, { recursive: true });
    writeFileSync(join(place, turnOff), "tool: flag.turn_off\nowner: [\n");
    const { findings } = lintGovernance(place, today);
    expect(findings[0]).toMatch(/^broken\/flag\.turn_off\.yml:\d+:\d+: /);
  });
});

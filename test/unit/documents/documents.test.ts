import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { loadDocuments } from "../../../src/documents/load-documents.ts";
import { loadGovernance } from "../../../src/documents/load-governance.ts";
import { loadPrompts } from "../../../src/documents/load-prompts.ts";
import { loadRunbooks } from "../../../src/documents/load-runbooks.ts";
import { ConfigError } from "../../../src/domain/config-error.ts";
import { Tool } from "../../../src/domain/flag/operation.ts";
import { reviewRuleFor } from "../../../src/domain/policy/governance-contract.ts";
import { permissionFor } from "../../../src/domain/policy/roles.ts";
import { ToolName } from "../../../src/domain/policy/tool-name.ts";
import { fillPrompt } from "../../../src/domain/prompt.ts";
import type { MetricTrend } from "../../../src/domain/evidence/evidence.ts";
import { symptomsShown } from "../../../src/domain/runbook.ts";
import { homeTeam, personWith } from "../../support/policy-fixtures.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const shipped = {
  governance: join(root, "governance"),
  runbooks: join(root, "runbooks"),
  prompts: join(root, "prompts"),
};
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A copy of a shipped folder in which one file is changed (null text: removed). */
function changed(kind: keyof typeof shipped, file: string, change: (text: string) => string | null): string {
  const top = mkdtempSync(join(tmpdir(), "signalman-documents-"));
  folders.push(top);
  const folder = join(top, kind);
  cpSync(shipped[kind], folder, { recursive: true });
  let text = "";
  try {
    text = readFileSync(join(folder, file), "utf8");
  } catch {
    // A file that is added.
  }
  const next = change(text);
  if (next === null) rmSync(join(folder, file));
  else writeFileSync(join(folder, file), next);
  return folder;
}

function findingsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.findings;
    throw error;
  }
  throw new Error("the documents loaded");
}

describe("what is shipped", () => {
  const { governance, runbooks, prompts } = loadDocuments(shipped, []);

  test("every tool has a contract", () => {
    expect([...governance.contracts.keys()].toSorted()).toEqual(ToolName.options.toSorted());
  });

  test("every flag tool needs one other person of the right role in production, for at most 30 minutes", () => {
    for (const tool of Tool.exclude(["flag.archive"]).options) {
      const contract = governance.contracts.get(tool);
      expect(contract?.defaultMode, tool).toBe("approval_required");
      expect(contract?.approval).toMatchObject({ separationOfDuties: true, expiresAfter: "30m" });
      if (contract === undefined) throw new Error(tool);
      const rule = reviewRuleFor(contract, "production");
      expect(rule?.count, tool).toBe(1);
      expect(rule?.roles, tool).toContain("release-manager");
      expect(contract.hardBoundary.blockedTags).toContain("signalman-controls");
    }
  });

  test("archiving needs two people in production, has a day, and only a person asks for it", () => {
    const contract = governance.contracts.get("flag.archive");
    if (contract === undefined) throw new Error("no contract");
    expect(contract).toMatchObject({
      workflow: "human-request",
      riskClass: "reversible_write",
      reversibility: "manual",
      approval: { separationOfDuties: true, expiresAfter: "24h" },
      hardBoundary: { apiScopes: ["CanAccessEnv", "ArchiveFlag", "RestoreFlag"] },
      lifecycle: { kind: "permanent" },
    });
    for (const key of ["production", "prod", "live"]) expect(reviewRuleFor(contract, key)?.count).toBe(2);
    expect(contract.hardBoundary.blockedTags).toContain("signalman-controls");
  });

  test("tools that only read can never be approved", () => {
    for (const tool of ["flag.read", "audit.read", "metric.query", "incident.read"] as const) {
      expect(governance.contracts.get(tool)?.allowedModes).not.toContain("approval_required");
    }
  });

  test("whoever owns a service says that they are on its incident, and of no other service's", () => {
    const omar = personWith({ userId: "U0OMAR", groups: ["S0CHECKOUT"] });
    const asked = (tag: string) =>
      permissionFor(
        omar,
        "acknowledge",
        { project: "shop", environment: "prod", tags: [tag], risk: "search" },
        governance.roles,
        homeTeam,
      ).kind;
    expect([asked("checkout"), asked("search")]).toEqual(["granted", "refused"]);
  });

  test("twelve runbooks, each with steps", () => {
    expect(runbooks.map(({ id }) => id)).toEqual([
      "agent-misbehaves",
      "bad-deploy",
      "bad-rollout",
      "checkout-errors",
      "expired-certificate",
      "memory-growth",
      "queue-backlog",
      "recommendation-latency",
      "slow-database",
      "slow-pages",
      "support-assistant-answers",
      "third-party-failing",
    ]);
    for (const { manualSteps } of runbooks) expect(manualSteps.length).toBeGreaterThanOrEqual(4);
    expect(runbooks.find(({ id }) => id === "bad-deploy")?.allowedActions).toEqual([]);
  });

  test("runbooks are found by label and by words", () => {
    const alert = { title: "CheckoutErrorsHigh", summary: "", labels: { service: "checkout" } };
    const shownBy = (given: typeof alert): string[] =>
      runbooks.filter((runbook) => symptomsShown(runbook, given) > 0).map(({ id }) => id);
    expect(shownBy(alert)).toEqual(["checkout-errors"]);
    expect(
      shownBy({ title: "Cache miss storm", summary: "Misses: the cache", labels: { service: "x" } }),
    ).toEqual(["recommendation-latency"]);
    expect(shownBy({ title: "Disk full", summary: "", labels: { service: "db" } })).toEqual([]);
  });

  test("a runbook is found by what a metric does, and a misspelt trend is refused", () => {
    const alert = { title: "Orders are late", summary: "", labels: {} };
    const found = (trend: MetricTrend) =>
      runbooks
        .filter((runbook) => symptomsShown(runbook, alert, new Map([["consumer_lag", new Set([trend])]])) > 0)
        .map(({ id }) => id);
    expect(found("degraded")).toEqual(["queue-backlog"]);
    expect(found("steady")).toEqual([]);
    const folder = changed("runbooks", "queue-backlog.md", (file) =>
      file.replace("metric consumer_lag is degraded", "metric consumer_lag is worse"),
    );
    expect(() => loadRunbooks(folder)).toThrow(/metric <query id> is degraded/);
  });

  test("the prompt fills completely and its hash is that of the file", () => {
    const named = (all: typeof prompts) => all.find(({ id }) => id === "assess");
    const assess = named(prompts);
    if (assess === undefined) throw new Error("no prompt");
    const text = fillPrompt(assess, { max_suspects: "5", max_summary_words: "{{max_suspects}}" });
    expect(text).toContain("at most 5 flags");
    expect(text).toContain("at most {{max_suspects}} words");
    expect(() => fillPrompt(assess, { max_suspects: "5" })).toThrow(/no value for/);
    const folder = changed("prompts", "assess.md", (file) => `${file}\n`);
    expect(named(loadPrompts(folder))?.text).toBe(assess.text);
    expect(named(loadPrompts(folder))?.hash).not.toBe(assess.hash);
  });
});

describe("governance that is wrong", () => {
  const turnOff = "flag.turn_off.yml";
  const place = /governance\/flag\.turn_off\.yml:\d+:\d+: /;
  test.each<[string, string, (text: string) => string | null, RegExp]>([
    [
      "a misspelt tool",
      "flag.turn_of.yml",
      () => "tool: x\n",
      /flag\.turn_of\.yml:1:1: there is no tool .*Did you mean "flag\.turn_off\.yml"\?$/,
    ],
    [
      "another tool inside",
      turnOff,
      (text) => text.replace("tool: flag.turn_off", "tool: flag.turn_on"),
      /: tool must be flag\.turn_off, as the file is named/,
    ],
    [
      "an unknown key",
      turnOff,
      (text) => text.replace("riskClass", "riskClas"),
      /unknown key "riskClas"\. Did you mean "riskClass"\?/,
    ],
    [
      "an unknown mode",
      turnOff,
      (text) => text.replace("defaultMode: approval_required", "defaultMode: approve"),
      /defaultMode must be one of off, .*, not "approve"\./,
    ],
    [
      "a default that is not allowed",
      turnOff,
      (text) => text.replace(", approval_required]", "]"),
      /defaultMode is approval_required, which allowedModes does not list/,
    ],
    [
      "an unknown role",
      turnOff,
      (text) => text.replaceAll("service-owner", "service-ownr"),
      /there is no role "service-ownr" in roles\.yml; .* Did you mean "service-owner"\?$/,
    ],
    [
      "no default reviewers",
      turnOff,
      (text) => text.replace("    default:", "    staging:"),
      /a `default` entry is needed/,
    ],
    [
      "a temporary change without a review",
      turnOff,
      (text) => text.replace(/ {2}reviewAfter.*\n/, ""),
      /a temporary change needs lifecycle\.reviewAfter, such as 7d\./,
    ],
    [
      "a reminder when nothing can be decided any more",
      turnOff,
      (text) => text.replace("reminders: [5m, 15m]", "reminders: [5m, 30m]"),
      /30m is not before expiresAfter, 30m, when nothing can be decided any more/,
    ],
    [
      "an expected time after the end",
      turnOff,
      (text) => text.replace("sla: 10m", "sla: 1h"),
      /1h is not before expiresAfter, 30m/,
    ],
    [
      "a bad duration",
      turnOff,
      (text) => text.replace("expiresAfter: 30m", "expiresAfter: half an hour"),
      /approval\.expiresAfter must be a duration such as 90s, 30m, 24h or 7d, not "half an hour"\./,
    ],
    ["malformed YAML", turnOff, (text) => text.replace("summary: ", "summary: a: "), /not valid YAML: /],
  ])("%s is said with its place", (_, file, change, sentence) => {
    const findings = findingsOf(() => loadGovernance(changed("governance", file, change)));
    expect(findings.join("\n")).toMatch(sentence);
    if (file === turnOff) for (const finding of findings) expect(finding).toMatch(place);
  });

  test("roles: absent, or with a name for an id", () => {
    const absent = findingsOf(() => loadGovernance(changed("governance", "roles.yml", () => null)));
    expect(absent).toEqual([
      "governance/roles.yml:1:1: the file is missing or unreadable; without it nobody may approve anything.",
    ]);
    const named = findingsOf(() =>
      loadGovernance(
        changed("governance", "roles.yml", (text) => text.replace("[S0RELEASE]", '["@releases"]')),
      ),
    );
    expect(named[0]).toMatch(
      /^governance\/roles\.yml:\d+:\d+: roles\.release-manager\.groups\[0\] must be a Slack user group id such as S0123ABCD, not "@releases"\.$/,
    );
  });

  test("a tool whose contract was taken away is simply absent", () => {
    const { contracts } = loadGovernance(changed("governance", turnOff, () => null));
    expect(contracts.has("flag.turn_off")).toBe(false);
  });
});

describe("runbooks and prompts that are wrong", () => {
  const file = "bad-deploy.md";
  test.each<[string, (text: string) => string, RegExp]>([
    ["no front matter", (text) => text.slice(4), /bad-deploy\.md:1:1: front matter is missing/],
    [
      "a key inside it",
      (text) => text.replace("owner:", "ownr:"),
      /bad-deploy\.md:\d+:1: unknown key "ownr"\. Did you mean "owner"\?/,
    ],
    [
      "another id",
      (text) => text.replace("id: bad-deploy", "id: other"),
      /bad-deploy\.md:2:5: id must be the file's name without \.md, bad-deploy\./,
    ],
    [
      "an unknown action",
      (text) => text.replace("allowedActions: []", "allowedActions: [flag.turnoff]"),
      /allowedActions\[0\] must be one of .* Did you mean "flag\.turn_off"\?/,
    ],
    ["a heading too few", (text) => text.replace("## Check\n", ""), /the heading "## Check" is missing\./],
    [
      "an odd heading",
      (text) => text.replace("## Check\n", "## Checks\n"),
      /"## Checks" is not a heading of a runbook; use ## Symptoms,/,
    ],
    [
      "headings out of order",
      (text) =>
        text
          .replace("## Check\n", "## X\n")
          .replace("## Symptoms\n", "## Check\n")
          .replace("## X\n", "## Symptoms\n"),
      /"## Check" is out of place/,
    ],
    [
      "no steps",
      (text) => text.replaceAll(/^\d\. /gm, "Then "),
      /"## Manual steps" needs a list with at least one step/,
    ],
  ])("%s is said with its place", (_, change, sentence) => {
    const findings = findingsOf(() => loadRunbooks(changed("runbooks", file, change)));
    expect(findings.join("\n")).toMatch(sentence);
  });

  test("a placeholder that is not declared, and one that is not used", () => {
    const undeclared = findingsOf(() =>
      loadPrompts(changed("prompts", "assess.md", (text) => `${text}\nNow {{tenant}}.\n`)),
    );
    expect(undeclared).toEqual([
      expect.stringMatching(
        /^prompts\/assess\.md:\d+:1: \{\{tenant\}\} is not declared; add it to inputs or remove it\.$/,
      ),
    ]);
    const unused = findingsOf(() =>
      loadPrompts(changed("prompts", "assess.md", (text) => text.replace("inputs: [", "inputs: [tenant, "))),
    );
    expect(unused).toEqual([
      "prompts/assess.md:4:10: the input tenant is declared but {{tenant}} is nowhere in the text.",
    ]);
  });

  test("a folder that is not there, an empty one, and a runbook that the catalogue invents", () => {
    const gone = findingsOf(() => loadDocuments({ ...shipped, prompts: join(root, "nowhere") }, []));
    expect(gone).toEqual([
      expect.stringMatching(/^nowhere: the folder .* cannot be read \(ENOENT\); set documents\.prompts/),
    ]);
    const service = {
      name: "search",
      owner: "o",
      tenant: "",
      environments: {},
      flags: { keys: [], tags: [] },
      queries: [],
      runbooks: ["bad-deploys"],
      sources: [{ id: "a", match: {} }],
    };
    expect(findingsOf(() => loadDocuments(shipped, [service]))).toEqual([
      'signalman.yml: the service "search" names the runbook "bad-deploys", which is not in the runbooks folder; add bad-deploys.md or correct the name. Did you mean "bad-deploy"?',
    ]);
  });

  test("bytes that are not UTF-8", () => {
    const folder = changed("runbooks", file, (text) => text);
    writeFileSync(join(folder, file), Buffer.from([0xff, 0xfe, 0x00]));
    expect(findingsOf(() => loadRunbooks(folder))[0]).toMatch(/bad-deploy\.md:1:1: the file cannot be read/);
  });
});

const without = (file: string) => changed("governance", file, () => null);
const saying = (file: string, text: string) => changed("governance", file, () => text);

describe("guardrails.yml and people.yml", () => {
  test("stand with safe values where they are missing", () => {
    const { guardrails } = loadGovernance(without("guardrails.yml"));
    expect(guardrails).toMatchObject({ experiments: { whileRunning: "draft_write" }, frozenWindows: [] });
    expect(loadGovernance(without("people.yml")).people).toEqual({ people: {} });
  });

  test("what is shipped asks nobody for more than the safe values do", () => {
    expect(loadGovernance(shipped.governance).guardrails).toEqual(
      loadGovernance(without("guardrails.yml")).guardrails,
    );
  });

  test.each([
    [
      "guardrails.yml",
      "blastRadius:\n  secondApproverAbove: 20",
      /guardrails\.yml:2:3: .*secondApproverAbovePercent/,
    ],
    ["guardrails.yml", "deniedTools: [flag.turn_of]", /guardrails\.yml:1:15: .*flag\.turn_off/],
    [
      "guardrails.yml",
      "frozenWindows:\n  - name: x\n    because: y\n    from: 2026-12-24T00:00\n    to: 2026-12-23T00:00",
      /guardrails\.yml:5:9: .*before/,
    ],
    [
      "guardrails.yml",
      "frozenWindows:\n  - name: x\n    because: y\n    weekly: { from: fri 16:00, to: mon 08:00 }\n    timeZone: Mars/Base",
      /guardrails\.yml:5:15: .*time zone/,
    ],
    [
      "guardrails.yml",
      "scopes:\n  limits:\n    - { name: x, because: y }",
      /guardrails\.yml:3:7: .*accounts, regions or segments/,
    ],
    ["people.yml", "people:\n  maya@example.com: maya", /people\.yml:2:21: .*Slack user id/],
    [
      "people.yml",
      "people:\n  Maya@example.com: U0MAYA\n  maya@EXAMPLE.com: U0OTHER",
      /people\.yml:3:\d+: .*twice/,
    ],
  ])("a mistake in %s is found in its line: %s", (file, text, finding) => {
    const findings = findingsOf(() => loadGovernance(saying(file, text)));
    expect(findings.join("\n")).toMatch(finding);
  });
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { tool } from "../support/tools.ts";
import { dashboardQueries, opsFile, Rules } from "../support/ops-files.ts";

const promtool = tool("promtool");
const systemd = tool("systemd-analyze");

const rules = Rules.parse(parse(opsFile("prometheus-rules.yml"))).groups.flatMap((group) => group.rules);
const alerts = rules.map(({ alert }) => alert);
const runbook = readFileSync(join(import.meta.dirname, "../../docs/runbook-signalman.md"), "utf8");

describe("ops/prometheus-rules.yml", () => {
  it.skipIf(promtool === null)("is right, and fires when it should and not else, says promtool", () => {
    const cwd = join(import.meta.dirname, "../../ops");
    const ask = (...args: string[]) => execFileSync(promtool ?? "", args, { cwd, encoding: "utf8" });
    expect(ask("check", "rules", "prometheus-rules.yml")).toContain("SUCCESS");
    expect(ask("test", "rules", "prometheus-rules.test.yml")).toContain("SUCCESS");
  });

  it("has a test of silence and one of trouble for every alert", () => {
    const Tests = z.object({
      tests: z.array(
        z.object({
          alert_rule_test: z.array(
            z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()).optional() }),
          ),
        }),
      ),
    });
    const tests = Tests.parse(parse(opsFile("prometheus-rules.test.yml"))).tests.flatMap(
      (each) => each.alert_rule_test,
    );
    const named = (fires: boolean) =>
      tests
        .filter(({ exp_alerts }) => (exp_alerts !== undefined) === fires)
        .map(({ alertname }) => alertname);
    expect(named(true).toSorted()).toEqual(alerts.toSorted());
    expect(named(false).toSorted()).toEqual(alerts.toSorted());
  });

  it("has a section in the runbook for every alert, in the same order, and none for others", () => {
    expect([...runbook.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(alerts);
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook).toBe(`docs/runbook-signalman.md#${alert.toLowerCase()}`);
    }
    expect(runbook).toMatch(/^\*\*Owner:\*\* /m);
  });
});

describe("ops/grafana-dashboard.json", () => {
  it.skipIf(promtool === null)("asks nothing but PromQL", () => {
    const file = join(mkdtempSync(join(tmpdir(), "ops-")), "rules.yml");
    const records = dashboardQueries().map((expr, index) => ({ record: `query:${index}`, expr }));
    expect(records.length).toBeGreaterThan(20);
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules: records }] }));
    expect(execFileSync(promtool ?? "", ["check", "rules", file], { encoding: "utf8" })).toContain("SUCCESS");
  });

  it("tells of every panel what it shows, and lays none over another", () => {
    const Panel = z.looseObject({
      type: z.string(),
      title: z.string().min(1),
      description: z.string().optional(),
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
    });
    const { panels } = z
      .object({ panels: z.array(Panel) })
      .parse(JSON.parse(opsFile("grafana-dashboard.json")));
    const taken = new Set<string>();
    for (const { type, title, description, gridPos } of panels) {
      if (type !== "row") expect(description, title).toMatch(/\.$/);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });
});

describe("ops/signalman.service", () => {
  const unit = opsFile("signalman.service");

  it.skipIf(systemd === null)("is a unit that systemd takes, and one that may do little", () => {
    const file = join(mkdtempSync(join(tmpdir(), "unit-")), "signalman.service");
    // The program of a checkout that is not here.
    writeFileSync(file, unit.replaceAll(/^ExecStart=.*$/gm, "ExecStart=/bin/true"));
    expect(execFileSync(systemd ?? "", ["verify", file], { encoding: "utf8" })).toBe("");
    // Of 100: what it could do to its machine. Throws where it is more.
    execFileSync(systemd ?? "", ["security", "--offline=true", "--threshold=20", file], { encoding: "utf8" });
  });

  it("starts what there is, waits longer than Signalman takes to end, and gives up on wrong settings", () => {
    const values = Object.fromEntries(
      [...unit.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]),
    );
    expect(values["ExecStart"]).toBe(
      "/opt/signalman/node_modules/.bin/node /opt/signalman/bin/signalman.js start",
    );
    expect(Number(values["TimeoutStopSec"])).toBeGreaterThan(10);
    expect(values).toMatchObject({ Restart: "on-failure", RestartPreventExitStatus: "2", User: "signalman" });
  });
});

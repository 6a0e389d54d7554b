import { describe, expect, test } from "vitest";
import { findingsOf, goodYml, load } from "./origin.ts";

const withSource = (more: string) =>
  goodYml.replace("secretEnv: ALERTMANAGER_SECRET", `secretEnv: ALERTMANAGER_SECRET, ${more}`);

describe("how alerts become incidents", () => {
  test("has defaults", () => {
    expect(load().intake).toEqual({
      mostOpenIncidents: 10,
      damping: { times: 4, withinMs: 1_800_000 },
      quietMs: 900_000,
      inhibitions: [],
    });
  });

  test("is read, of the whole, of a source and of a service", () => {
    const yml = `${withSource("grouping: { by: [region], wait: 30s }").replace("    owner:", "    grouping: { interval: 1m }\n    owner:")}
intake: { mostOpenIncidents: 3, flapping: { times: 6, within: 1h, quiet: 5m } }
inhibitions:
  - { when: { severity: critical }, silences: { match: { team: shop } }, equal: [cluster] }
`;
    const { intake, sources, services } = load({ yml });
    expect(intake).toMatchObject({
      mostOpenIncidents: 3,
      damping: { times: 6, withinMs: 3_600_000 },
      quietMs: 300_000,
    });
    expect(intake.inhibitions).toMatchObject([
      {
        when: { severity: "critical", match: {} },
        silences: { match: { team: "shop" } },
        equal: ["cluster"],
      },
    ]);
    expect(load({ yml: withSource("grouping: { wait: 0s, interval: 0s }") }).sources[0]?.grouping).toEqual({
      by: [],
      wait: "0s",
      interval: "0s",
    });
    expect(sources[0]?.grouping).toEqual({ by: ["region"], wait: "30s", interval: "15s" });
    expect(services[0]?.grouping).toMatchObject({ interval: "1m" });
  });

  test.each([
    [
      "a rule that is about everything",
      `${goodYml}inhibitions: [{ when: { severity: critical }, silences: {} }]\n`,
      /inhibitions\[0\]\.silences.* a severity or at least one label under match/,
    ],
    [
      "a project that no service has",
      withSource("mayLeadTo: { projects: [shpo] }"),
      /^signalman\.yml:4:\d+: the source "alertmanager" may lead to "shpo", which is none of the projects that services are mapped to\. Did you mean "shop"\?$/,
    ],
    [
      "an environment that no service has",
      withSource("mayLeadTo: { environments: [prod] }"),
      /may lead to "prod", which is none of the environments/,
    ],
    [
      "a service that is not in the catalogue",
      withSource("service: { label: app, names: { chk: chekout } }"),
      /^signalman\.yml:4:\d+: the source "alertmanager" names the service "chekout", which is not in the catalogue\. Did you mean "checkout"\?$/,
    ],
    [
      "a limit of none",
      `${goodYml}intake: { mostOpenIncidents: 0 }\n`,
      /intake\.mostOpenIncidents must be at least 1/,
    ],
  ])("refuses %s", (_, yml, finding) => {
    const findings = findingsOf({ yml });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(finding);
  });
});

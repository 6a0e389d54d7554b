import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

export function opsFile(name: string): string {
  return readFileSync(join(import.meta.dirname, "..", "..", "ops", name), "utf8");
}

export const Rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Signalman[A-Z]\w+$/),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(["warning", "critical"]) }),
          annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});

/** Every query that the dashboard asks. */
export function dashboardQueries(): string[] {
  const Dashboard = z.object({
    panels: z.array(z.looseObject({ targets: z.array(z.looseObject({ expr: z.string() })).optional() })),
  });
  const { panels } = Dashboard.parse(JSON.parse(opsFile("grafana-dashboard.json")));
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** Every metric that the files of ops/ name. */
export function opsMetrics(): string[] {
  const { groups } = Rules.parse(parse(opsFile("prometheus-rules.yml")));
  const queries = [...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)), ...dashboardQueries()];
  const words = queries.flatMap(
    (expr) =>
      expr.replaceAll(/"[^"]*"/g, "").match(/\b(?:signalman|http|process|nodejs|gen_ai)_\w+\b/g) ?? [],
  );
  return [...new Set(words)].filter((word) => word !== "http_response_status_code").toSorted();
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { type PrometheusProgram, startPrometheusProgram } from "./prometheus-program.ts";

export interface PrometheusServer extends PrometheusProgram {
  /** From now on it tells this Alertmanager what fires. */
  alertTo(alertmanagerUrl: string): void;
}

/** A Prometheus that scrapes `target` (host and port) twice a second and judges `rules` as often. */
export async function startPrometheus(
  binary: string,
  { target, rules }: { target: string; rules: readonly object[] },
): Promise<PrometheusServer> {
  const config = {
    global: { scrape_interval: "500ms", scrape_timeout: "500ms", evaluation_interval: "500ms" },
    rule_files: ["rules.yml"],
    scrape_configs: [{ job_name: "shop", static_configs: [{ targets: [target] }] }],
    alerting: { alertmanagers: [{ file_sd_configs: [{ files: ["alertmanagers.json"] }] }] },
  };
  const program = await startPrometheusProgram(
    binary,
    {
      "prometheus.yml": stringify(config),
      "rules.yml": stringify({ groups: [{ name: "shop", rules }] }),
      "alertmanagers.json": "[]",
    },
    ["--config.file=prometheus.yml", "--storage.tsdb.path=data"],
  );
  return {
    ...program,
    alertTo: (alertmanagerUrl) => {
      const targets = [new URL(alertmanagerUrl).host];
      writeFileSync(join(program.folder, "alertmanagers.json"), JSON.stringify([{ targets }]));
    },
  };
}

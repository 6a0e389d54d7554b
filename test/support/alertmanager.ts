import { stringify } from "yaml";
import { type PrometheusProgram, startPrometheusProgram } from "./prometheus-program.ts";

/** An Alertmanager that posts to one webhook with a bearer token, as fast as it can be told to. */
export function startAlertmanager(
  binary: string,
  webhook: { url: string; secret: string },
): Promise<PrometheusProgram> {
  const config = {
    route: {
      receiver: "signalman",
      group_by: ["service"],
      group_wait: "100ms",
      group_interval: "1s",
      // So that it says again and again that it still burns.
      repeat_interval: "1s",
    },
    receivers: [
      {
        name: "signalman",
        webhook_configs: [
          {
            url: webhook.url,
            send_resolved: true,
            http_config: { authorization: { credentials_file: "secret" } },
          },
        ],
      },
    ],
  };
  return startPrometheusProgram(binary, { "alertmanager.yml": stringify(config), secret: webhook.secret }, [
    "--config.file=alertmanager.yml",
    "--storage.path=data",
    // Of a cluster it would be the only member.
    "--cluster.listen-address=",
  ]);
}

import { createServer } from "node:http";
import { expect, it } from "vitest";
import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { startAlertmanager } from "../../support/alertmanager.ts";
import { createPlay } from "../../support/incident-play.ts";
import { expectAuditPasses, expectFolded } from "../../support/ledger-check.ts";
import { buildWorld } from "../../support/open-shop.ts";
import { prometheusBinaries } from "../../support/prometheus-program.ts";
import { startPrometheus } from "../../support/prometheus-server.ts";
import { startSignalman, workFolder } from "../../support/signalman.ts";
import { until } from "../../support/until.ts";

const binaries = prometheusBinaries();

/** A service's `/metrics`, of which one number can be turned. */
async function openOrders() {
  const orders = { errorRatio: 0.01 };
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(`# TYPE orders_error_ratio gauge\norders_error_ratio ${orders.errorRatio}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return {
    orders,
    target: `127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const rule = (alert: string, above: number, severity: string) => ({
  alert,
  expr: `orders_error_ratio > ${above}`,
  labels: { service: "orders", environment: "production", severity },
  annotations: {
    summary: "{{ $value | humanizePercentage }} of the orders fail",
    runbook_url: "https://runbooks.example/orders",
  },
});

it.skipIf(binaries === null)(
  "opens an incident when a real Prometheus and Alertmanager say so, and closes it when they do",
  async () => {
    if (binaries === null) throw new Error("left out by name above");
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(workFolder());
    const world = stack.use(await buildWorld({ dataFolder: folder.dataFolder, quiet: true }));
    const { orders, target } = stack.use(await openOrders());
    const prometheus = stack.use(
      await startPrometheus(binaries.prometheus, {
        target,
        rules: [rule("OrdersFail", 0.05, "warning"), rule("OrdersFailBadly", 0.2, "critical")],
      }),
    );
    const settings = {
      ...world.settings,
      services: [
        {
          name: "orders",
          owner: "Orders",
          environments: { production: { project: "shop", environment: "prod" } },
          flags: { keys: ["checkout_one_click"] },
          sources: [{ id: "alertmanager", match: { service: "orders" } }],
          grouping: { interval: "1s" },
        },
      ],
    };
    const signalman = stack.use(await startSignalman({ settings, env: world.env }, folder.path));
    const alertmanager = stack.use(
      await startAlertmanager(binaries.alertmanager, {
        url: `${signalman.doorUrl}/webhooks/alertmanager`,
        secret: world.env["ALERTMANAGER_SECRET"] ?? "",
      }),
    );
    prometheus.alertTo(alertmanager.url);
    const play = createPlay(world);
    const seen = () => [prometheus, alertmanager, signalman].map(({ log }) => log()).join("\n");

    // What watches must have seen it well, and know whom to tell.
    await until(
      "Prometheus to scrape and to know Alertmanager",
      async () => {
        const [up, known] = await Promise.all([
          fetch(`${prometheus.url}/api/v1/query?query=orders_error_ratio`).then((answer) => answer.text()),
          fetch(`${prometheus.url}/api/v1/alertmanagers`).then((answer) => answer.text()),
        ]);
        return up.includes('"0.01"') && known.includes(new URL(alertmanager.url).host);
      },
      { seen },
    );
    expect(play.cards()).toEqual([]);

    const brokeAt = performance.now();
    orders.errorRatio = 0.12;
    const card = await play.cardWith("OrdersFail", 20_000).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${seen()}`);
    });
    const openedMs = Math.round(performance.now() - brokeAt);
    expect(visibleText(card)).toContain("Warning: OrdersFail");
    expect(visibleText(card)).toContain("`orders` in *production*");
    expect(visibleText(card)).toContain("12% of the orders fail");
    await play.threadWith("*Evidence*", 20_000);

    orders.errorRatio = 0.31;
    await play.cardWith(/Critical: OrdersFail[^]*2 alerts, 2 firing/, 20_000);

    const mendedAt = performance.now();
    orders.errorRatio = 0.01;
    await play.cardWith(/Critical, resolved: OrdersFail[^]*2 alerts, 0 firing/, 20_000);
    const resolvedMs = Math.round(performance.now() - mendedAt);
    expect(play.cards()).toHaveLength(1);

    const { incidents } = await expectFolded(folder.path);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({
      status: "resolved",
      severity: "critical",
      // Alertmanager repeated itself every second.
      alertCount: 2,
      scope: { service: "orders", environmentName: "production" },
    });
    expect(incidents[0]?.alerts[0]?.alert.links).toContain("https://runbooks.example/orders");
    await expectAuditPasses(folder.path);
    expect(signalman.log()).not.toMatch(/^error /m);
    process.stdout.write(
      `Prometheus and Alertmanager: ${openedMs} ms from the metric's rise to the card, ${resolvedMs} ms from its fall to "resolved"\n`,
    );
  },
  90_000,
);

import { once } from "node:events";
import { createFlagEvaluator } from "../../sandbox/services/flag-evaluator.ts";
import { createSandboxPage } from "../../sandbox/slack/page/sandbox-page.ts";
import { openStore } from "../store/open-store.ts";
import type { Demo } from "./open-demo.ts";
import { flagsPanel } from "./panels/flags-panel.ts";
import { ledgerPanel } from "./panels/ledger-panel.ts";
import { metricsPanel } from "./panels/metrics-panel.ts";
import { scenariosPanel } from "./panels/scenarios-panel.ts";
import { sampleUsers } from "./sample-users.ts";

/** Offered while typing. */
const commands = [
  "/flags",
  "/flags support_answer_profile",
  "/ops status",
  "/ops pending",
  "/ops cleanup",
  "/ops help",
];
const refreshMs = 1_000;

/** Shows the demo's page on a port of 127.0.0.1 until SIGINT or SIGTERM. */
export async function runPage(demo: Demo, port: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { world } = demo;
  const flags = stack.use(await createFlagEvaluator(world.connection));
  const { ledger } = stack.use(await openStore(demo.config.database)).store;
  const roles = Object.fromEntries(Object.values(world.people).map(({ id, role }) => [id, role]));
  const panels = [
    scenariosPanel(demo),
    metricsPanel(demo),
    flagsPanel(demo, flags, await sampleUsers(flags)),
    ledgerPanel(ledger),
  ];
  const page = stack.use(
    await createSandboxPage({
      slack: world.slack,
      title: "Signalman demo",
      roles,
      commands,
      panels,
      stylesheet: new URL("panels/panels.css", import.meta.url),
      port,
    }),
  );
  // Pages get only what differs; with none open nothing is asked.
  const refreshing = setInterval(() => page.refresh(), refreshMs);
  stack.defer(() => clearInterval(refreshing));

  process.stdout.write(
    [
      `Signalman's demo is ready: ${page.url}`,
      "",
      '  1. Press "Fire the support alert" and read the card that appears in #incidents.',
      "  2. Press Approve as Maya: she may not, and is told whom to ask. Switch to Ruth, approve and say why.",
      "  3. Watch the flag, the metric and the verdict; then keep the change, or roll it back.",
      "",
      `Everything runs on this machine. Log: ${demo.logFile}`,
      ...(demo.console === null ? [] : [`Console: ${demo.console.url}, token ${demo.console.token}`]),
      "Ctrl+C ends it.",
      "",
    ].join("\n"),
  );
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { loadConfig, type Config } from "../../../src/config/load-config.ts";
import { ConfigError } from "../../../src/domain/config-error.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A fresh folder with these files; removed after the test. */
export function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "signalman-config-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

export const goodEnv = {
  SLACK_BOT_TOKEN: "xoxb-unit-bot",
  SLACK_APP_TOKEN: "xapp-unit-app",
  FEATBIT_API_URL: "http://127.0.0.1:5000/",
  FEATBIT_STREAMING_URL: "ws://127.0.0.1:5100",
  FEATBIT_READ_TOKEN: "api-unit-read",
  FEATBIT_WRITE_TOKEN: "api-unit-write",
  FEATBIT_CONTROLS_SECRET: "sdk-unit-controls",
  ALERTMANAGER_SECRET: "unit-0123456789abcdef",
  PROMETHEUS_URL: "http://127.0.0.1:9090",
};

export const goodYml = `slack:
  defaultChannel: C0INCIDENTS
sources:
  - { id: alertmanager, kind: alertmanager, secretEnv: ALERTMANAGER_SECRET }
services:
  - name: checkout
    owner: checkout team
    environments:
      production: { project: shop, environment: production }
    flags: { keys: [checkout_one_click] }
    queries:
      - { id: error_ratio, title: Errors, promql: up, unit: "", badDirection: up }
    sources:
      - { id: alertmanager, match: { service: checkout } }
`;

export interface Given {
  yml?: string | null;
  env?: Record<string, string | undefined>;
  role?: string;
  files?: Record<string, string>;
}

export function load({ yml = goodYml, env = {}, role = "all", files = {} }: Given = {}): Config {
  const cwd = folderWith({ ...(yml === null ? {} : { "signalman.yml": yml }), ...files });
  return loadConfig({ role, cwd, env: { ...goodEnv, ...env } });
}

/** The findings of a configuration that must not load. */
export function findingsOf(given: Given): readonly string[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.findings;
    throw error;
  }
  throw new Error("the configuration loaded");
}

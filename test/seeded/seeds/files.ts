import { generateKeyPairSync } from "node:crypto";
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Seed } from "../seed.ts";
import type { Setup } from "../setup.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** The shipped governance in a folder of its own, with one file changed. */
function governance({ folder, settings }: Setup, file: string, change: (text: string) => string): void {
  cpSync(join(root, "governance"), join(folder, "governance"), { recursive: true });
  settings.documents = { ...settings.documents, governance: "./governance" };
  const path = join(folder, "governance", file);
  writeFileSync(path, change(file === "people.yml" ? "" : readFileSync(path, "utf8")));
}

export const fileSeeds: readonly Seed[] = [
  {
    name: "the ledger's key is not there",
    check: "ledger key",
    severity: "error",
    words: /The ledger's key .*missing\.pem cannot be read/,
    spoil: ({ env }) => void (env["LEDGER_KEY_FILE"] = "missing.pem"),
  },
  {
    name: "everybody may read the ledger's key",
    check: "ledger key",
    severity: "error",
    words: /Others may read the ledger's key/,
    spoil({ folder, env }) {
      const { privateKey } = generateKeyPairSync("ed25519");
      const path = join(folder, "key.pem");
      writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }));
      chmodSync(path, 0o644);
      env["LEDGER_KEY_FILE"] = path;
    },
  },
  {
    name: "a console that people reach without encryption",
    check: "console",
    severity: "warning",
    words: /reach the console by http:\/\/ops\.example, which is not encrypted/,
    spoil({ env, settings }) {
      env["CONSOLE_TOKEN"] = "console-token-0123456789";
      settings.console = { publicUrl: "http://ops.example" };
    },
  },
  {
    name: "a key that signalman.yml does not have",
    check: "configuration",
    severity: "error",
    words: /lookBak.*Did you mean "lookBack"/,
    spoil: ({ settings }) => void (settings.timing.lookBak = "2h"),
  },
  {
    name: "signalman.yml is no YAML",
    check: "configuration",
    severity: "error",
    words: /not valid YAML/,
    spoil: (setup) => void (setup.settings = "server: [\n"),
  },
  {
    name: "a variable of .env that nothing reads",
    check: "configuration",
    severity: "error",
    words: /\.env: SLACK_BOT_TOKN is read by nothing/,
    spoil: ({ dotEnv }) => void dotEnv.push("SLACK_BOT_TOKN"),
  },
  {
    name: "an administrator's token kept in .env",
    check: "configuration",
    severity: "error",
    words: /FEATBIT_ADMIN_TOKEN must not be kept/,
    spoil: ({ dotEnv }) => void dotEnv.push("FEATBIT_ADMIN_TOKEN"),
  },
  {
    name: "a misspelt variable in the environment",
    check: "configuration",
    severity: "warning",
    words: /OPENAI_MODLE is set in the environment and read by nothing/,
    spoil: ({ env }) => void (env["OPENAI_MODLE"] = "x"),
  },
  {
    name: ".env lies open",
    check: "configuration",
    severity: "warning",
    words: /\.env can be read by every account/,
    spoil({ folder }) {
      writeFileSync(join(folder, ".env"), "");
      chmodSync(join(folder, ".env"), 0o644);
    },
  },
  {
    name: "a file with a secret that is not there",
    check: "configuration",
    severity: "error",
    words: /FEATBIT_READ_TOKEN_FILE names .*missing, which cannot be read/,
    spoil({ env }) {
      delete env["FEATBIT_READ_TOKEN"];
      env["FEATBIT_READ_TOKEN_FILE"] = "missing";
    },
  },
  {
    name: "a source without its secret",
    check: "configuration",
    severity: "error",
    words: /ALERTMANAGER_SECRET is not set; the source "alertmanager"/,
    spoil: ({ env }) => void delete env["ALERTMANAGER_SECRET"],
  },
  {
    name: "a short secret",
    check: "configuration",
    severity: "error",
    words: /ALERTMANAGER_SECRET has 5 characters/,
    spoil: ({ env }) => void (env["ALERTMANAGER_SECRET"] = "short"),
  },
  {
    name: "a secret that can be guessed",
    check: "sources",
    severity: "error",
    words: /ALERTMANAGER_SECRET, the secret of the source "alertmanager", can be guessed/,
    spoil: ({ env }) => void (env["ALERTMANAGER_SECRET"] = "change-me-please-now"),
  },
  {
    name: "a secret of one letter",
    check: "sources",
    severity: "error",
    words: /ALERTMANAGER_SECRET.* can be guessed/,
    spoil: ({ env }) => void (env["ALERTMANAGER_SECRET"] = "a".repeat(32)),
  },
  {
    name: "two sources with one secret",
    check: "sources",
    severity: "warning",
    words: /"alertmanager" and "generic" have the same secret/,
    spoil: ({ env }) => void (env["GENERIC_SECRET"] = env["ALERTMANAGER_SECRET"] ?? ""),
  },
  {
    name: "a source whose alerts are nobody's",
    check: "sources",
    severity: "warning",
    words: /No service of the catalogue takes alerts of the source "generic"/,
    spoil({ settings }) {
      for (const service of settings.services) {
        service.sources = service.sources.filter(({ id }: { id: string }) => id !== "generic");
      }
    },
  },
  {
    name: "a service with a source that is not declared",
    check: "configuration",
    severity: "error",
    words: /names the source "alertmanger", which is not declared/,
    spoil: ({ settings }) => void settings.services[0].sources.push({ id: "alertmanger", match: { a: "b" } }),
  },
  {
    name: "a service with a runbook that is not there",
    check: "documents",
    severity: "error",
    words: /names the runbook "checkout-eror"/,
    spoil: ({ settings }) => void (settings.services[1].runbooks = ["checkout-eror"]),
  },
  {
    name: "a governance contract with a role that is not there",
    check: "documents",
    severity: "error",
    words: /there is no role "release-manger" in roles\.yml/,
    spoil: (setup) =>
      governance(setup, "flag.turn_off.yml", (text) => text.replaceAll("release-manager", "release-manger")),
  },
  {
    name: "a governance contract with an unknown key",
    check: "documents",
    severity: "error",
    words: /flag\.turn_off\.yml:\d+:\d+: .*ownr/,
    spoil: (setup) => governance(setup, "flag.turn_off.yml", (text) => `${text}\nownr: me\n`),
  },
  {
    name: "no roles",
    check: "documents",
    severity: "error",
    words: /roles\.yml:1:1: the file is missing/,
    spoil(setup) {
      governance(setup, "roles.yml", (text) => text);
      rmSync(join(setup.folder, "governance", "roles.yml"));
    },
  },
  {
    name: "roles by which nobody may approve",
    check: "documents",
    severity: "warning",
    words: /lets nobody approve/,
    spoil: (setup) =>
      governance(setup, "roles.yml", (text) =>
        text.replaceAll(/groups: \[S0(RELEASE|CHECKOUT)\]/g, "groups: []"),
      ),
  },
  {
    name: "a people map that is no YAML",
    check: "documents",
    severity: "error",
    words: /people\.yml:\d+:\d+: not valid YAML/,
    spoil: (setup) => governance(setup, "people.yml", () => "a: [\n"),
  },
  {
    name: "a people map with somebody who is not in Slack",
    check: "people",
    severity: "warning",
    words: /U0NOBODY \(governance\/people\.yml\)/,
    spoil: (setup) => governance(setup, "people.yml", () => "people: { pavel@shop.example: U0NOBODY }\n"),
  },
];

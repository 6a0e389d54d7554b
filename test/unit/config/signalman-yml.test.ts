import { describe, expect, test } from "vitest";
import { findingsOf, goodYml } from "./origin.ts";

describe("bad signalman.yml", () => {
  test.each<[string, string, RegExp]>([
    [
      "malformed YAML",
      "slack:\n\tdefaultChannel: C1\n",
      /^signalman\.yml:2:1: not valid YAML: .*Indent with spaces\.$/,
    ],
    ["an open bracket", "sources: [\n", /^signalman\.yml:\d+:\d+: not valid YAML: .+$/],
    [
      "a key twice",
      "log: { level: info }\nlog: { level: debug }\n",
      /^signalman\.yml:2:1: not valid YAML: .*Keep one of the two\.$/,
    ],
    [
      "an unknown key at the top",
      "servces: []\n",
      /^signalman\.yml:1:1: unknown key "servces"\. Did you mean "services"\?$/,
    ],
    [
      "an unknown key inside",
      "slack:\n  defaultChanel: C1\n",
      /^signalman\.yml:2:3: unknown key "defaultChanel" in slack\. Did you mean "defaultChannel"\?$/,
    ],
    [
      "an unknown key that resembles nothing",
      "log:\n  wibble: 1\n",
      /^signalman\.yml:2:3: unknown key "wibble" in log\. Known here: level\.$/,
    ],
    [
      "an unknown key in a list entry",
      goodYml.replace("    owner:", "    ownr: x\n    owner:"),
      /^signalman\.yml:7:5: unknown key "ownr" in services\[0\]\. Did you mean "owner"\?$/,
    ],
    [
      "an unknown key of a source",
      goodYml.replace("secretEnv:", "secret: x, secretEnv:"),
      /^signalman\.yml:4:45: unknown key "secret" in sources\[0\]\./,
    ],
    [
      "a missing key",
      goodYml.replace("    owner: checkout team\n", ""),
      /^signalman\.yml:6:5: services\[0\]\.owner is missing; it must be a text\.$/,
    ],
    [
      "a wrong type",
      "server:\n  port: eighty\n",
      /^signalman\.yml:2:9: server\.port must be a (whole )?number, not "eighty"\.$/,
    ],
    [
      "a number out of range",
      "server: { port: 70000 }\n",
      /^signalman\.yml:1:17: server\.port must be at most 65535, not 70000\.$/,
    ],
    [
      "a word that is not possible",
      "log: { level: inof }\n",
      /^signalman\.yml:1:15: log\.level must be one of debug, info, warn, error, silent, not "inof"\. Did you mean "info"\?$/,
    ],
    [
      "an unknown kind of source",
      goodYml.replace("kind: alertmanager", "kind: alertmanger"),
      /^signalman\.yml:4:\d+: sources\[0\]\.kind must be one of alertmanager, grafana, .*, generic, not "alertmanger"\. Did you mean "alertmanager"\?$/,
    ],
    [
      "a bad duration",
      "timing: { lookBack: 2 hours }\n",
      /^signalman\.yml:1:21: timing\.lookBack must be a duration such as 90s, 30m, 24h or 7d, not "2 hours"\.$/,
    ],
    [
      "a channel's name for its id",
      "slack:\n  defaultChannel: '#ops'\n",
      /^signalman\.yml:2:19: slack\.defaultChannel must be a Slack channel id such as C0123ABCD/,
    ],
    [
      "an address that is none",
      "featbit: { consoleUrl: featbit }\n",
      /^signalman\.yml:1:24: featbit\.consoleUrl must be an address that begins with/,
    ],
    [
      "a list for a group",
      "server: []\n",
      /^signalman\.yml:1:9: server must be a group of keys, not a list\.$/,
    ],
    [
      "a text for the whole",
      "hello\n",
      /^signalman\.yml:1:1: the document must be a group of keys, not "hello"\.$/,
    ],
    [
      "an unknown source",
      goodYml.replace("id: alertmanager, match", "id: alertmanger, match"),
      /^signalman\.yml:14:15: the service "checkout" names the source "alertmanger", which is not declared under sources; .* Did you mean "alertmanager"\?$/,
    ],
    [
      "a source twice",
      goodYml.replace(
        "services:",
        "  - { id: alertmanager, kind: generic, secretEnv: ALERTMANAGER_SECRET }\nservices:",
      ),
      /^signalman\.yml:5:11: a source "alertmanager" stands above already/,
    ],
    [
      "a service twice",
      `${goodYml}${goodYml.slice(goodYml.indexOf("  - name")).replace("service: checkout", "service: other")}`,
      /^signalman\.yml:15:11: a service "checkout" stands above already/,
    ],
    [
      "two services for the same alerts",
      `${goodYml}${goodYml.slice(goodYml.indexOf("  - name")).replace("name: checkout", "name: other")}`,
      /^signalman\.yml:23:9: the services "checkout" and "other" match the same alerts/,
    ],
    [
      "a service without environments",
      goodYml.replace(
        "environments:\n      production: { project: shop, environment: production }",
        "environments: {}",
      ),
      /^signalman\.yml:8:19: the service "checkout" has no environment/,
    ],
    [
      "two names for one environment",
      goodYml.replace("    flags:", "      live: { project: shop, environment: production }\n    flags:"),
      /^signalman\.yml:10:13: "live" and "production" of the service "checkout" are both shop\/production/,
    ],
  ])("%s gives one sentence with its place", (_, yml, sentence) => {
    const findings = findingsOf({ yml, role: "worker" });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(sentence);
  });

  test("a file that is not there names the example", () => {
    const findings = findingsOf({ yml: null, role: "worker" });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^signalman\.yml: there is no .*; copy signalman\.example\.yml to it/);
  });

  test("aliases that would grow without end are refused", () => {
    const rows = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [old, next] of ["ab", "bc", "cd", "de", "ef", "fg"].map((pair) => pair.split(""))) {
      rows.push(`${next}: &${next} [${`*${old},`.repeat(9)}]`);
    }
    expect(findingsOf({ yml: `${rows.join("\n")}\n` })[0]).toMatch(/^signalman\.yml:1:1: not valid YAML: /);
  });
});

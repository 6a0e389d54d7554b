import { join } from "node:path";
import { stringify } from "yaml";
import type { PeerProgram } from "./peer-program.ts";
import { sourceSecret } from "./stand-ins.ts";

/** What is installed for the bench and nowhere else. */
export const npmPackages = {
  nodeRed: ["node-red@5.0.7"],
  hubot: ["hubot@14.1.0", "@hubot-friends/hubot-slack@3.8.0"],
} as const;

const botToken = "xoxb-bench";
const channel = "C1";

/**
 * Grouped as Debian's file groups. What is critical is told at once and each on its own, or a quiet day would be
 * measured by a timer; the others wait `waitS` for company instead of its half a minute.
 */
export function alertmanager(binary: string, folder: string, waitS: number): PeerProgram {
  return {
    form: "api",
    path: "/api/v2/alerts",
    folder,
    silentMs: 1000 * waitS + 2000,
    files: ({ slack }) => ({
      "alertmanager.yml": stringify({
        route: {
          receiver: "slack",
          group_by: ["alertname", "cluster", "service"],
          group_wait: `${waitS}s`,
          group_interval: "5m",
          repeat_interval: "3h",
          routes: [
            { matchers: ['severity="critical"'], receiver: "slack", group_by: ["..."], group_wait: "0s" },
          ],
        },
        receivers: [{ name: "slack", slack_configs: [{ api_url: slack.webhookUrl, channel: "#incidents" }] }],
      }),
    }),
    command: ({ port }) => ({
      program: binary,
      args: [
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        // Of a cluster it would be the only member.
        "--cluster.listen-address=",
        `--web.listen-address=127.0.0.1:${port}`,
      ],
    }),
  };
}

export function bolt(folder: string, answersFirst: boolean): PeerProgram {
  return {
    form: "webhook",
    path: "/alerts",
    folder,
    silentMs: 2500,
    files: () => ({}),
    command: ({ port, slack }) => ({
      program: process.execPath,
      args: [join(import.meta.dirname, "bolt-peer-process.ts")],
      env: {
        PORT: String(port),
        FIRST: answersFirst ? "yes" : "no",
        SLACK_API_URL: slack.apiUrl,
        SLACK_BOT_TOKEN: botToken,
        SLACK_SIGNING_SECRET: sourceSecret,
      },
    }),
  };
}

const messageOf = `const { labels, annotations } = alert;
const text = ":rotating_light: *" + labels.alertname + "* on " + labels.service + " (" + labels.instance + "): " + annotations.summary;`;

/** Its own nodes: a webhook comes in, is answered, and becomes a call of Slack's incoming webhook. */
export function nodeRed(installed: string): PeerProgram {
  return {
    form: "webhook",
    path: "/alerts",
    folder: installed,
    silentMs: 2500,
    files: ({ port, slack }) => ({
      "settings.js": `module.exports = ${JSON.stringify({
        uiPort: port,
        uiHost: "127.0.0.1",
        flowFile: "flows.json",
        logging: { console: { level: "warn" } },
        // It asks nobody outside.
        telemetry: { enabled: false, updateNotification: false },
        externalModules: { autoInstall: false, palette: { allowInstall: false } },
      })};`,
      "flows.json": JSON.stringify([
        { id: "alerts", type: "tab", label: "Alerts to Slack" },
        { id: "in", z: "alerts", type: "http in", url: "/alerts", method: "post", wires: [["say"]] },
        {
          id: "say",
          z: "alerts",
          type: "function",
          func: `const told = msg.payload.alerts.map((alert) => {\n${messageOf}\nreturn { payload: { text } };\n});
return [{ res: msg.res, payload: "ok" }, told];`,
          outputs: 2,
          wires: [["out"], ["slack"]],
        },
        { id: "out", z: "alerts", type: "http response", statusCode: "200", wires: [] },
        {
          id: "slack",
          z: "alerts",
          type: "http request",
          method: "POST",
          ret: "txt",
          url: slack.webhookUrl,
          persist: true,
          wires: [[]],
        },
      ]),
    }),
    command: () => ({
      program: process.execPath,
      args: [join(installed, "node_modules/node-red/red.js"), "--userDir", ".", "--settings", "settings.js"],
    }),
  };
}

/**
 * A script with a route, as Hubot's documents show one, and its Slack adapter, which knows only one address of Slack:
 * told another, and without the socket by which people talk to it.
 */
export function hubot(installed: string): PeerProgram {
  return {
    form: "webhook",
    path: "/alerts",
    folder: installed,
    silentMs: 2500,
    files: ({ slack }) => ({
      "package.json": '{ "type": "module" }',
      "slack.mjs": `import { EventEmitter } from "node:events";
import { SlackBot } from "@hubot-friends/hubot-slack/src/Bot.mjs";
import { WebClient } from "@slack/web-api";
const socket = Object.assign(new EventEmitter(), { start: async () => socket.emit("open"), disconnect() {} });
const web = new WebClient("${botToken}", { slackApiUrl: "${slack.apiUrl}", maxRequestConcurrency: 1, logLevel: "error" });
export default {
  use: (robot) => new SlackBot(robot, { botToken: "${botToken}", appToken: "xapp-bench", disableUserSync: true, socket, web }),
};
`,
      "scripts/alerts.mjs": `export default (robot) => {
  robot.router.post("/alerts", (request, response) => {
    for (const alert of request.body.alerts) {
      ${messageOf}
      robot.messageRoom("${channel}", text);
    }
    response.send("OK");
  });
};
`,
    }),
    command: ({ port }) => ({
      program: process.execPath,
      args: [join(installed, "node_modules/hubot/bin/hubot"), "--file", "./slack.mjs"],
      env: {
        EXPRESS_PORT: String(port),
        EXPRESS_BIND_ADDRESS: "127.0.0.1",
        HUBOT_LOG_LEVEL: "error",
      },
    }),
  };
}

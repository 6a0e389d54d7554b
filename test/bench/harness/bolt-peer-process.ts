import { App } from "@slack/bolt";

/**
 * The bot that is written first: Bolt as it comes, a route that alerts are posted to, a message for each. `FIRST` says
 * whether the sender is answered before Slack is told, or after Slack took the message.
 */
const {
  PORT = "",
  FIRST = "",
  SLACK_API_URL = "",
  SLACK_BOT_TOKEN = "",
  SLACK_SIGNING_SECRET = "",
} = process.env;

interface Webhook {
  alerts: { status: string; labels: Record<string, string>; annotations: Record<string, string> }[];
}

const app = new App({
  token: SLACK_BOT_TOKEN,
  signingSecret: SLACK_SIGNING_SECRET,
  clientOptions: { slackApiUrl: SLACK_API_URL },
  customRoutes: [
    {
      path: "/alerts",
      method: "POST",
      handler(request, response) {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const { alerts }: Webhook = JSON.parse(Buffer.concat(chunks).toString());
          const told = Promise.all(alerts.map(tell));
          if (FIRST === "yes") response.end("ok");
          told.then(
            () => FIRST !== "yes" && response.end("ok"),
            () => FIRST !== "yes" && response.writeHead(502).end(),
          );
        });
      },
    },
  ],
});

async function tell({ labels, annotations }: Webhook["alerts"][0]): Promise<void> {
  const { alertname = "", service = "", instance = "" } = labels;
  const text = `:rotating_light: *${alertname}* on ${service} (${instance}): ${annotations["summary"] ?? ""}`;
  await app.client.chat.postMessage({ channel: "C1", text });
}

await app.start({ port: Number(PORT), host: "127.0.0.1" });

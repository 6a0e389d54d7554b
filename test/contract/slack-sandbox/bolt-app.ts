import { App, HTTPReceiver, LogLevel, SocketModeReceiver, type BlockAction } from "@slack/bolt";
import type { KnownBlock, ModalView } from "@slack/types";
import type { SlackSandbox } from "../../../src/sandbox/slack/slack-sandbox.ts";

/** An unmodified Bolt app on the stand-in, over either transport. */
export async function startBolt(
  slack: SlackSandbox,
  transport: "socket" | "http",
  listen: (app: App) => void,
) {
  const http = new HTTPReceiver({ signingSecret: slack.signingSecret, logLevel: LogLevel.ERROR });
  const socket = new SocketModeReceiver({
    appToken: slack.appToken,
    clientPingTimeout: 2000,
    logLevel: LogLevel.ERROR,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
  });
  const app = new App({
    token: slack.botToken,
    receiver: transport === "socket" ? socket : http,
    convoStore: false,
    deferInitialization: true,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
  });
  await app.init();
  listen(app);
  if (transport === "socket") await app.start();
  else {
    const address = (await http.start({ port: 0, host: "127.0.0.1" })).address();
    if (address === null || typeof address === "string") throw new Error("Bolt listens on no port");
    await slack.useRequestUrl(`http://127.0.0.1:${address.port}/slack/events`);
  }
  return { app, [Symbol.asyncDispose]: async () => void (await app.stop()) };
}

/** A workspace with one channel, a reviewer, an onlooker and the app in the channel. */
export function furnish(slack: SlackSandbox): void {
  slack.workspace.addUser({ id: "U_ADA", name: "ada", realName: "Ada Reviewer", email: "ada@example.test" });
  slack.workspace.addUser({ id: "U_BEN", name: "ben", realName: "Ben Onlooker" });
  slack.workspace.addUserGroup({ id: "S_REV", handle: "reviewers", users: ["U_ADA"] });
  slack.workspace.addChannel({ id: "C_OPS", name: "ops", members: ["U_ADA", "U_BEN"] });
  slack.workspace.inviteApp("C_OPS");
}

export const card: KnownBlock[] = [
  { type: "header", text: { type: "plain_text", text: "Checkout errors" } },
  { type: "section", text: { type: "mrkdwn", text: "Turn *off* `checkout_one_click`?" } },
  {
    type: "actions",
    block_id: "decision",
    elements: [
      {
        type: "button",
        action_id: "approve",
        style: "primary",
        value: "CH1:1",
        text: { type: "plain_text", text: "Approve" },
      },
      {
        type: "button",
        action_id: "reject",
        style: "danger",
        value: "CH1:1",
        text: { type: "plain_text", text: "Reject" },
        confirm: {
          title: { type: "plain_text", text: "Reject it?" },
          text: { type: "plain_text", text: "The flag stays on." },
          confirm: { type: "plain_text", text: "Reject" },
          deny: { type: "plain_text", text: "Back" },
        },
      },
    ],
  },
];

export const rationale: ModalView = {
  type: "modal",
  callback_id: "rationale",
  notify_on_close: true,
  title: { type: "plain_text", text: "Approve" },
  submit: { type: "plain_text", text: "Approve" },
  blocks: [
    {
      type: "input",
      block_id: "why",
      label: { type: "plain_text", text: "Why?" },
      element: { type: "plain_text_input", action_id: "text", multiline: true },
    },
    {
      type: "input",
      block_id: "owner",
      optional: true,
      label: { type: "plain_text", text: "Owner" },
      element: {
        type: "static_select",
        action_id: "pick",
        options: [
          { text: { type: "plain_text", text: "Ada" }, value: "ada" },
          { text: { type: "plain_text", text: "Ben" }, value: "ben" },
        ],
      },
    },
    {
      type: "input",
      block_id: "review",
      optional: true,
      label: { type: "plain_text", text: "Review at" },
      element: { type: "datetimepicker", action_id: "at" },
    },
  ],
};

/** Buttons open the rationale modal; submitting it rewrites the card; Ben is refused privately. */
export function decisions(app: App): void {
  app.action<BlockAction>("approve", async ({ ack, body, client }) => {
    await ack();
    const channel = body.channel?.id ?? "";
    if (body.user.id === "U_BEN") {
      await client.chat.postEphemeral({
        channel,
        user: body.user.id,
        text: "Ask <!subteam^S_REV> to decide.",
      });
      return;
    }
    const view = { ...rationale, private_metadata: JSON.stringify({ channel, ts: body.message?.["ts"] }) };
    await client.views.open({ trigger_id: body.trigger_id, view });
  });
  app.action<BlockAction>("reject", async ({ ack, body, respond }) => {
    await ack();
    await respond({ text: `Rejected by ${body.user.id}`, replace_original: true });
  });
  app.view("rationale", async ({ ack, view, body, client }) => {
    const why = view.state.values["why"]?.["text"]?.value ?? "";
    if (why.length < 5) return ack({ response_action: "errors", errors: { why: "Say a little more." } });
    await ack();
    const { channel, ts }: { channel: string; ts: string } = JSON.parse(view.private_metadata);
    const owner = view.state.values["owner"]?.["pick"]?.selected_option?.value ?? "nobody";
    const text = `Approved by <@${body.user.id}>: ${why} (owner ${owner})`;
    await client.chat.update({
      channel,
      ts,
      text,
      blocks: [{ type: "section", text: { type: "mrkdwn", text } }],
    });
  });
}

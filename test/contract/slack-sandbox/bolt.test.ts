import { describe, expect, it } from "vitest";
import { actionIdsOf, visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { createSlackSandbox } from "../../../src/sandbox/slack/slack-sandbox.ts";
import { card, decisions, furnish, rationale, startBolt } from "./bolt-app.ts";

const post = { channel: "C_OPS", text: "Checkout errors: turn off checkout_one_click?", blocks: card };

describe.each(["socket", "http"] as const)("unmodified Bolt over %s", (transport) => {
  it("posts, is clicked, opens a modal, refuses it, takes it and rewrites the card", async () => {
    await using slack = await createSlackSandbox();
    furnish(slack);
    await using bolt = await startBolt(slack, transport, decisions);
    const { ts = "" } = await bolt.app.client.chat.postMessage(post);

    const posted = slack.message("C_OPS", ts);
    if (posted === undefined) throw new Error("the card is not there");
    expect(posted.text).toBe(post.text);
    expect(visibleText(posted)).toBe("Checkout errors\nTurn *off* `checkout_one_click`?\nApprove\nReject");
    expect(actionIdsOf(posted)).toEqual(["approve", "reject"]);

    const click = await slack.as("U_ADA").click("C_OPS", ts, "approve");
    const modal = await click.view((view) => view.callbackId === "rationale");
    expect(click.error).toBeUndefined();
    expect(modal.user).toBe("U_ADA");

    const empty = await slack.as("U_ADA").submit(modal.id, {});
    expect(empty).toMatchObject({
      sent: false,
      fieldErrors: { why: "Please complete this required field." },
    });
    const short = await slack.as("U_ADA").submit(modal.id, { why: "ok" });
    expect(short).toMatchObject({ sent: true, fieldErrors: { why: "Say a little more." } });
    expect(slack.as("U_ADA").topView()?.id).toBe(modal.id);

    const done = await slack
      .as("U_ADA")
      .submit(modal.id, { why: "Errors started with it", pick: "ben", at: 1_800_000_000 });
    const rewritten = await done.message((message) => message.text.startsWith("Approved"));
    expect(rewritten.text).toBe("Approved by <@U_ADA>: Errors started with it (owner ben)");
    expect(rewritten.ts).toBe(ts);
    expect(slack.as("U_ADA").topView()).toBeUndefined();
    const submitted = slack.deliveryLog.at(-1)?.payload["view"];
    expect(submitted).toMatchObject({
      state: { values: { review: { at: { type: "datetimepicker", selected_date_time: 1_800_000_000 } } } },
    });
  });

  it("answers one person privately, and replaces a message through the response URL after a confirmation", async () => {
    await using slack = await createSlackSandbox();
    furnish(slack);
    await using bolt = await startBolt(slack, transport, decisions);
    const { ts = "" } = await bolt.app.client.chat.postMessage(post);

    const refused = await slack.as("U_BEN").click("C_OPS", ts, "approve");
    const note = await refused.ephemeral();
    expect(note).toMatchObject({ visibleTo: "U_BEN", text: "Ask <!subteam^S_REV> to decide." });
    expect(slack.ephemerals("U_ADA")).toEqual([]);

    const before = slack.deliveryLog.length;
    const declined = await slack.as("U_ADA").click("C_OPS", ts, "reject", { confirm: "deny" });
    expect(declined).toMatchObject({ sent: false, confirm: { title: { text: "Reject it?" } } });
    expect(slack.deliveryLog).toHaveLength(before);

    const rejected = await slack.as("U_ADA").click("C_OPS", ts, "reject");
    expect((await rejected.message()).text).toBe("Rejected by U_ADA");
    expect(slack.message("C_OPS", ts)?.blocks).toEqual([]);
  });

  it("takes slash commands, the home tab, shortcuts, closing and group changes", async () => {
    await using slack = await createSlackSandbox({ commands: ["/flags"] });
    furnish(slack);
    const heard: string[] = [];
    await using bolt = await startBolt(slack, transport, (app) => {
      app.command("/flags", async ({ ack, respond, command }) => {
        await ack({ response_type: "ephemeral", text: `flags for ${command.text}` });
        await respond({ response_type: "in_channel", text: "said aloud" });
      });
      app.event("app_home_opened", async ({ event, client }) => {
        const blocks = [
          { type: "section" as const, text: { type: "mrkdwn" as const, text: "Nothing open." } },
        ];
        await client.views.publish({ user_id: event.user, view: { type: "home", blocks } });
      });
      app.event("subteam_members_changed", async ({ event }) => {
        heard.push(`group ${event.subteam_id} +${event.added_users?.join() ?? ""}`);
      });
      app.shortcut("explain", async ({ ack, body, client }) => {
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view: rationale });
      });
      app.view({ callback_id: "rationale", type: "view_closed" }, async ({ ack, body }) => {
        heard.push(body.type);
        await ack();
      });
    });
    const ada = slack.as("U_ADA");

    const command = await ada.command("/flags", "checkout", "C_OPS");
    expect((await command.ephemeral()).text).toBe("flags for checkout");
    expect((await command.message()).text).toBe("said aloud");
    expect((await ada.command("/nope", "", "C_OPS")).error).toBe("/nope is not a valid command.");

    const home = await (await ada.openHome()).view((view) => view.type === "home");
    expect(home.blocks).toHaveLength(1);

    await slack.workspace.setUserGroup("S_REV", ["U_ADA", "U_BEN"]);
    const { users } = await bolt.app.client.usergroups.users.list({ usergroup: "S_REV" });
    expect(users).toEqual(["U_ADA", "U_BEN"]);

    const { ts = "" } = await bolt.app.client.chat.postMessage({ channel: "C_OPS", text: "hello" });
    const modal = await (await ada.shortcut("C_OPS", ts, "explain")).view();
    await ada.close(modal.id);
    expect(heard).toEqual(["group S_REV +U_BEN", "view_closed"]);
  });

  it("shows an error to the person when the app is slow or fails", async () => {
    await using slack = await createSlackSandbox({ ackTimeoutMs: 150, eventRetryDelaysMs: [] });
    furnish(slack);
    await using bolt = await startBolt(slack, transport, (app) => {
      app.action("approve", async ({ ack }) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await ack();
      });
    });
    const { ts = "" } = await bolt.app.client.chat.postMessage(post);
    const click = await slack.as("U_ADA").click("C_OPS", ts, "approve");
    expect(click.error).toMatch(/^operation_timeout/);
    expect(slack.deliveryLog.at(-1)?.outcome.kind).toBe("timeout");
    await expect(click.view(undefined, 400)).rejects.toThrow(
      /waited 400 ms for a view for U_ADA.*timeout after/,
    );
    if (transport === "socket") expect(slack.socketAcks.at(-1)?.afterMs).toBeGreaterThan(250);
  });
});

it("sends an unanswered event again, with the reason", async () => {
  await using slack = await createSlackSandbox({ eventRetryDelaysMs: [500] });
  furnish(slack);
  const unheard = await slack.as("U_ADA").openHome();
  expect(unheard.error).toMatch(/^dispatch_failed/);
  const heard: unknown[] = [];
  await using bolt = await startBolt(slack, "socket", (app) => {
    app.event("app_home_opened", async ({ context }) => {
      heard.push([context.retryNum, context.retryReason]);
    });
  });
  expect(bolt.app).toBeDefined();
  await expect.poll(() => heard, { timeout: 5000 }).toEqual([[1, "connection_failed"]]);
});

it("reconnects a Bolt app whose socket was cut, and then asked to refresh", async () => {
  await using slack = await createSlackSandbox();
  furnish(slack);
  await using bolt = await startBolt(slack, "socket", decisions);
  slack.sockets.cut();
  await expect.poll(() => slack.sockets.count(), { timeout: 10_000 }).toBe(1);
  slack.sockets.refresh();
  await expect.poll(() => slack.sockets.count(), { timeout: 10_000 }).toBe(0);
  await expect.poll(() => slack.sockets.count(), { timeout: 10_000 }).toBe(1);
  const { ts = "" } = await bolt.app.client.chat.postMessage(post);
  expect((await slack.as("U_ADA").click("C_OPS", ts, "approve")).error).toBeUndefined();
});

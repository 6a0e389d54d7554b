import { WebClient } from "@slack/web-api";
import { describe, expect, it } from "vitest";
import { asText } from "../../../src/sandbox/slack/json.ts";
import { createSlackSandbox, type SlackSandbox } from "../../../src/sandbox/slack/slack-sandbox.ts";
import type { SlackSandboxOptions } from "../../../src/sandbox/slack/world.ts";
import { card, furnish, rationale } from "./bolt-app.ts";

async function open(options: SlackSandboxOptions = {}) {
  const slack = await createSlackSandbox(options);
  furnish(slack);
  const client = (token = slack.botToken) =>
    new WebClient(token, {
      slackApiUrl: slack.apiUrl,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: 2000,
    });
  return { slack, client: client(), as: client, [Symbol.asyncDispose]: () => slack[Symbol.asyncDispose]() };
}

/** The `data` of the refusal that Slack sends with HTTP 200. */
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => "it was taken",
    (error: { data?: unknown; code?: string }) => error.data ?? error.code,
  );

const skeleton = {
  type: "modal" as const,
  title: { type: "plain_text" as const, text: "T" },
  blocks: [{ type: "divider" as const }],
};

function triggerOf(slack: SlackSandbox, ts: string): string {
  return asText(slack.as("U_ADA").clickPayload("C_OPS", ts, "approve")["trigger_id"]);
}

describe("who may call", () => {
  it("tells tokens apart", async () => {
    await using it = await open();
    expect(await refusal(it.as("xoxb-wrong").auth.test())).toMatchObject({ error: "invalid_auth" });
    expect(
      await refusal(new WebClient(undefined, { slackApiUrl: it.slack.apiUrl }).auth.test()),
    ).toMatchObject({ error: "not_authed" });
    expect(
      await refusal(it.as(it.slack.appToken).chat.postMessage({ channel: "C_OPS", text: "x" })),
    ).toMatchObject({ error: "not_allowed_token_type" });
    expect(await refusal(it.client.apps.connections.open({}))).toMatchObject({
      error: "not_allowed_token_type",
    });
    expect(await refusal(it.client.apiCall("chat.nonsense"))).toMatchObject({ error: "unknown_method" });
    it.slack.tokens.revoke(it.slack.botToken);
    expect(await refusal(it.client.auth.test())).toMatchObject({ error: "token_revoked" });
  });

  it("names the scope that is missing", async () => {
    await using it = await open({ botScopes: ["chat:write"] });
    expect(await refusal(it.client.users.info({ user: "U_ADA" }))).toMatchObject({
      error: "missing_scope",
      needed: "users:read",
      provided: "chat:write",
    });
    expect(await refusal(it.client.conversations.info({ channel: "C_OPS" }))).toMatchObject({
      error: "missing_scope",
      needed: "channels:read",
    });
    const posted = await it.client.chat.postMessage({ channel: "C_OPS", text: "x" });
    expect(posted.response_metadata).toMatchObject({
      scopes: ["chat:write"],
      acceptedScopes: ["chat:write"],
    });
  });

  it("hides e-mails without users:read.email", async () => {
    await using it = await open({ botScopes: ["users:read"] });
    expect((await it.client.users.info({ user: "U_ADA" })).user?.profile?.email).toBeUndefined();
    await using wide = await open({ botScopes: ["users:read", "users:read.email"] });
    expect((await wide.client.users.info({ user: "U_ADA" })).user?.profile?.email).toBe("ada@example.test");
  });
});

describe("messages", () => {
  it("refuses what Slack refuses", async () => {
    await using it = await open();
    const { chat } = it.client;
    it.slack.workspace.addChannel({ id: "C_PUB", name: "pub", members: ["U_ADA"] });
    it.slack.workspace.addChannel({ id: "C_PRIV", name: "priv", members: ["U_ADA"], isPrivate: true });
    expect(await refusal(chat.postMessage({ channel: "C_PUB", text: "x" }))).toMatchObject({
      error: "not_in_channel",
    });
    expect(await refusal(chat.postMessage({ channel: "C_PRIV", text: "x" }))).toMatchObject({
      error: "channel_not_found",
    });
    expect(await refusal(chat.postMessage({ channel: "C_OPS", text: "" }))).toMatchObject({
      error: "no_text",
    });
    expect(
      await refusal(chat.postMessage({ channel: "C_OPS", text: "x", thread_ts: "1.000001" })),
    ).toMatchObject({ error: "thread_not_found" });
    expect(
      await refusal(
        it.client.apiCall("chat.postMessage", { channel: "C_OPS", text: "x", blocks: "not json" }),
      ),
    ).toMatchObject({ error: "invalid_blocks_format" });
    expect(
      await refusal(
        it.client.apiCall("chat.postMessage", { channel: "C_OPS", text: "x", metadata: { event_type: 1 } }),
      ),
    ).toMatchObject({ error: "invalid_metadata_format" });
    expect(
      await refusal(
        chat.postMessage({
          channel: "C_OPS",
          text: "x",
          blocks: [{ type: "header", text: { type: "plain_text", text: "x".repeat(151) } }],
        }),
      ),
    ).toMatchObject({
      error: "invalid_blocks",
      response_metadata: {
        messages: ["[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"],
      },
    });
    const long = Array.from({ length: 5 }, () => ({
      type: "section" as const,
      text: { type: "mrkdwn" as const, text: "x".repeat(2900) },
    }));
    expect(await refusal(chat.postMessage({ channel: "C_OPS", text: "x", blocks: long }))).toMatchObject({
      error: "msg_blocks_too_long",
    });
    expect(
      await refusal(chat.postEphemeral({ channel: "C_OPS", user: "U_NOBODY", text: "x" })),
    ).toMatchObject({ error: "user_not_in_channel" });
    expect(it.slack.messages("C_OPS")).toEqual([]);
  });

  it("keeps metadata over an update, and takes blocks away when only text is given", async () => {
    await using it = await open();
    const { chat } = it.client;
    const metadata = { event_type: "change", event_payload: { id: "CH1" } };
    const { ts = "", message } = await chat.postMessage({
      channel: "C_OPS",
      text: "fallback",
      blocks: card,
      metadata,
    });
    expect(message?.text).toBe("fallback");
    await chat.update({ channel: "C_OPS", ts, text: "only text" });
    expect(it.slack.message("C_OPS", ts)).toMatchObject({ text: "only text", blocks: [], metadata });
    await it.client.apiCall("chat.update", { channel: "C_OPS", ts, text: "x", metadata: {} });
    expect(it.slack.message("C_OPS", ts)?.metadata).toBeUndefined();
    expect(await refusal(chat.update({ channel: "C_OPS", ts: "1.000001", text: "x" }))).toMatchObject({
      error: "message_not_found",
    });
    expect(await refusal(chat.update({ channel: "C_OPS", ts, text: "x".repeat(4001) }))).toMatchObject({
      error: "msg_too_long",
    });
    const theirs = it.slack.as("U_ADA").post("C_OPS", "mine");
    expect(await refusal(chat.update({ channel: "C_OPS", ts: theirs.ts, text: "x" }))).toMatchObject({
      error: "cant_update_message",
    });
    expect(it.slack.messageLog.map((entry) => entry.kind)).toEqual([
      "posted",
      "updated",
      "updated",
      "posted",
    ]);
  });

  it("threads, links, sends to a person, and deletes", async () => {
    await using it = await open();
    const { chat } = it.client;
    const { ts = "" } = await chat.postMessage({ channel: "C_OPS", text: "card" });
    await chat.postMessage({ channel: "C_OPS", text: "reply", thread_ts: ts });
    expect(it.slack.thread("C_OPS", ts).map((each) => each.text)).toEqual(["card", "reply"]);
    expect(it.slack.messages("C_OPS")).toHaveLength(1);
    expect((await chat.getPermalink({ channel: "C_OPS", message_ts: ts })).permalink).toContain(
      `/archives/C_OPS/p${ts.replace(".", "")}`,
    );
    const direct = await chat.postMessage({ channel: "U_BEN", text: "psst" });
    expect(direct.channel).toMatch(/^D/);
    await chat.delete({ channel: "C_OPS", ts });
    expect(it.slack.messages("C_OPS")).toEqual([]);
  });

  it("shares an uploaded file in a thread", async () => {
    await using it = await open();
    const { ts = "" } = await it.client.chat.postMessage({ channel: "C_OPS", text: "card" });
    await it.client.files.uploadV2({
      channel_id: "C_OPS",
      thread_ts: ts,
      filename: "p95.png",
      file: Buffer.from([1, 2, 3]),
      title: "p95",
    });
    await expect
      .poll(() => it.slack.thread("C_OPS", ts).at(-1)?.files)
      .toMatchObject([{ name: "p95.png", title: "p95", mimetype: "image/png" }]);
    expect([...(it.slack.thread("C_OPS", ts).at(-1)?.files[0]?.bytes ?? [])]).toEqual([1, 2, 3]);
  });

  it("takes a picture into a block only once it is uploaded", async () => {
    await using it = await open();
    const post = (id: string) =>
      it.client.chat.postMessage({
        channel: "C_OPS",
        text: "plot",
        blocks: [{ type: "image", slack_file: { id }, alt_text: "plot" }],
      });
    expect(await refusal(post("F0NOSUCHFILE"))).toMatchObject({
      error: "invalid_blocks",
      response_metadata: { messages: ["[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"] },
    });
    const uploaded: unknown = await it.client.files.uploadV2({
      filename: "p95.png",
      file: Buffer.from([1, 2, 3]),
    });
    const id = /"id":"(F[A-Z0-9]+)"/.exec(JSON.stringify(uploaded))?.[1] ?? "";
    expect(await post(id)).toMatchObject({ ok: true });
  });
});

describe("people", () => {
  it("shows deactivation and group changes at once", async () => {
    await using it = await open();
    it.slack.workspace.deactivate("U_ADA");
    expect((await it.client.users.info({ user: "U_ADA" })).user?.deleted).toBe(true);
    expect((await it.client.usergroups.users.list({ usergroup: "S_REV" })).users).toEqual([]);
    expect(await refusal(it.client.usergroups.users.list({ usergroup: "S_NONE" }))).toMatchObject({
      error: "no_such_subteam",
    });
    const { usergroups } = await it.client.usergroups.list({ include_users: true });
    expect(usergroups).toMatchObject([{ id: "S_REV", handle: "reviewers", users: [] }]);
    await expect(it.slack.as("U_ADA").command("/ops", "", "C_OPS")).rejects.toThrow(/U_ADA is deactivated/);
  });

  it("pages lists by cursor", async () => {
    await using it = await open();
    const { users } = it.client;
    const names: (string | undefined)[] = [];
    let cursor = "";
    do {
      const page = await users.list({ limit: 1, cursor });
      names.push(page.members?.[0]?.name);
      cursor = page.response_metadata?.next_cursor ?? "";
    } while (cursor !== "");
    expect(names).toEqual(["signalman", "ada", "ben"]);
  });
});

describe("views", () => {
  it("takes a trigger once, for three seconds, and only one it issued", async () => {
    let now = 1_800_000_000_000;
    await using it = await open({ now: () => now });
    const { ts = "" } = await it.client.chat.postMessage({ channel: "C_OPS", text: "x", blocks: card });
    const trigger_id = triggerOf(it.slack, ts);
    await it.client.views.open({ trigger_id, view: rationale });
    expect(await refusal(it.client.views.open({ trigger_id, view: rationale }))).toMatchObject({
      error: "exchanged_trigger_id",
    });
    expect(await refusal(it.client.views.open({ trigger_id: "1.2.3", view: rationale }))).toMatchObject({
      error: "invalid_trigger_id",
    });
    const late = triggerOf(it.slack, ts);
    now += 3001;
    expect(await refusal(it.client.views.open({ trigger_id: late, view: rationale }))).toMatchObject({
      error: "expired_trigger_id",
    });
  });

  it("updates by hash, pushes up to three, and refuses bad views", async () => {
    await using it = await open();
    const { ts = "" } = await it.client.chat.postMessage({ channel: "C_OPS", text: "x", blocks: card });
    const { view } = await it.client.views.open({ trigger_id: triggerOf(it.slack, ts), view: skeleton });
    const view_id = view?.id ?? "";
    const hash = view?.hash ?? "";
    await it.client.views.update({ view_id, hash, view: rationale });
    expect(await refusal(it.client.views.update({ view_id, hash, view: skeleton }))).toMatchObject({
      error: "hash_conflict",
    });
    expect(await refusal(it.client.views.update({ view_id: "V_NONE", view: skeleton }))).toMatchObject({
      error: "not_found",
    });
    for (const _ of [2, 3])
      await it.client.views.push({ trigger_id: triggerOf(it.slack, ts), view: skeleton });
    expect(
      await refusal(it.client.views.push({ trigger_id: triggerOf(it.slack, ts), view: skeleton })),
    ).toMatchObject({ error: "push_limit_reached" });
    const { submit: _, ...noSubmit } = rationale;
    expect(
      await refusal(it.client.views.open({ trigger_id: triggerOf(it.slack, ts), view: noSubmit })),
    ).toMatchObject({
      error: "invalid_arguments",
      response_metadata: { messages: [expect.stringContaining("json-pointer:/view/submit")] },
    });
  });
});

describe("trouble on order", () => {
  it("fails, cuts after the effect, delays and limits", async () => {
    await using it = await open();
    const { faults } = it.slack;
    const post = () => refusal(it.client.chat.postMessage({ channel: "C_OPS", text: "x" }));
    faults.next("chat.postMessage", { kind: "error", error: "internal_error" });
    expect(await post()).toMatchObject({ error: "internal_error" });
    faults.next("chat.postMessage", { kind: "status", status: 503 });
    expect(await post()).toBe("slack_webapi_http_error");
    faults.next("chat.postMessage", { kind: "drop" });
    expect(await post()).toBe("slack_webapi_request_error");
    expect(it.slack.messages("C_OPS")).toHaveLength(0);
    faults.next("chat.postMessage", { kind: "drop_after_effect" });
    expect(await post()).toBe("slack_webapi_request_error");
    expect(it.slack.messages("C_OPS")).toHaveLength(1);
    faults.next("*", { kind: "rate_limited", retryAfterS: 7 });
    await expect(it.client.chat.postMessage({ channel: "C_OPS", text: "x" })).rejects.toMatchObject({
      retryAfter: 7,
    });
    faults.next("chat.postMessage", { kind: "hang" });
    const hurried = new WebClient(it.slack.botToken, {
      slackApiUrl: it.slack.apiUrl,
      retryConfig: { retries: 0 },
      timeout: 100,
    });
    expect(await refusal(hurried.chat.postMessage({ channel: "C_OPS", text: "x" }))).toBe(
      "slack_webapi_request_error",
    );
    expect(it.slack.messages("C_OPS")).toHaveLength(1);
    faults.next("chat.postMessage", { kind: "delay", delayMs: 80 });
    const started = Date.now();
    expect(await post()).toBe("it was taken");
    expect(Date.now() - started).toBeGreaterThanOrEqual(75);
    expect(it.slack.callLog.map((call) => call.fault)).toEqual([
      "error",
      "status",
      "drop",
      "drop_after_effect",
      "rate_limited",
      "hang",
      "delay",
    ]);
  });

  it("limits messages per channel when asked to", async () => {
    await using it = await open({ messagesPerSecondPerChannel: 1 });
    await it.client.chat.postMessage({ channel: "C_OPS", text: "one" });
    await expect(it.client.chat.postMessage({ channel: "C_OPS", text: "two" })).rejects.toMatchObject({
      retryAfter: 1,
    });
  });
});

const say = async (url: string) => {
  const response = await fetch(url, { method: "POST", body: JSON.stringify({ text: "hi" }) });
  return [response.status, await response.text()];
};

it("ends response URLs after five uses, and after thirty minutes", async () => {
  let now = 1_800_000_000_000;
  await using it = await open({ now: () => now });
  const { ts = "" } = await it.client.chat.postMessage({ channel: "C_OPS", text: "x", blocks: card });
  const urlOf = () => asText(it.slack.as("U_ADA").clickPayload("C_OPS", ts, "approve")["response_url"]);
  const url = urlOf();
  for (let use = 0; use < 5; use++) expect(await say(url)).toEqual([200, "ok"]);
  expect(await say(url)).toEqual([404, "used_url"]);
  const old = urlOf();
  now += 30 * 60_000 + 1;
  expect(await say(old)).toEqual([404, "expired_url"]);
  expect(it.slack.ephemerals("U_ADA")).toHaveLength(5);
});

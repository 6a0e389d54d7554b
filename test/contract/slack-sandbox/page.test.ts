import { get } from "node:http";
import { describe, expect, it } from "vitest";
import { createSandboxPage } from "../../../src/sandbox/slack/page/sandbox-page.ts";
import { createSlackSandbox } from "../../../src/sandbox/slack/slack-sandbox.ts";
import { hasBrowser, openBrowser } from "../../support/browser.ts";
import { card, decisions, furnish, startBolt } from "./bolt-app.ts";

/** A workspace with a Bolt app, its page, and one card in the channel. */
async function open() {
  const stack = new AsyncDisposableStack();
  const slack = stack.use(await createSlackSandbox({ commands: ["/flags"] }));
  furnish(slack);
  const bolt = await startBolt(slack, "socket", (app) => {
    decisions(app);
    app.command("/flags", async ({ ack, command }) => ack(`flags of ${command.text || "all services"}`));
    app.event("app_home_opened", async ({ event, client }) => {
      const blocks = [
        { type: "header" as const, text: { type: "plain_text" as const, text: "Open changes" } },
      ];
      await client.views.publish({ user_id: event.user, view: { type: "home", blocks } });
    });
  });
  stack.use(bolt);
  let flag = "on";
  const page = stack.use(
    await createSandboxPage({
      slack,
      title: "Demo",
      roles: { U_ADA: "may approve", U_BEN: "may not approve" },
      commands: ["/flags"],
      panels: [
        {
          id: "flag",
          title: "Flag",
          html: () => `<p>checkout_one_click is ${flag}</p>`,
          actions: [
            {
              id: "off",
              label: "Turn it off",
              run: () => {
                flag = "off";
                return "It is off now";
              },
            },
          ],
        },
      ],
    }),
  );
  const { ts = "" } = await bolt.app.client.chat.postMessage({
    channel: "C_OPS",
    text: "Turn off checkout_one_click?",
    blocks: card,
  });
  return { slack, page, ts, app: bolt.app, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe.skipIf(!hasBrowser())("the page in a real Chromium", () => {
  it("takes a click and a modal to Bolt and shows the rewritten message", async () => {
    await using it = await open();
    await using browser = await openBrowser();
    const tab = await browser.newPage();
    const problems: string[] = [];
    tab.on("console", (line) => problems.push(line.text()));
    tab.on("pageerror", (error) => problems.push(String(error)));
    const elsewhere: string[] = [];
    tab.on("request", (request) => {
      if (!request.url().startsWith(it.page.url)) elsewhere.push(request.url());
    });

    await tab.goto(`${it.page.url}?as=U_BEN&in=C_OPS`);
    await tab.getByRole("button", { name: "Approve" }).click();
    await tab.getByText("Only visible to you").waitFor();
    await tab.getByText("Ask @reviewers to decide.").waitFor();

    await tab.getByRole("radio", { name: /Ada Reviewer/ }).focus();
    await tab.keyboard.press("Space");
    await tab.getByText("Only visible to you").waitFor({ state: "detached" });

    await tab.getByRole("button", { name: "Reject" }).click();
    const question = tab.getByRole("dialog", { name: "Reject it?" });
    await question.getByRole("button", { name: "Back" }).click();
    expect(it.slack.message("C_OPS", it.ts)?.blocks).toHaveLength(card.length);

    // From here on with the keyboard alone.
    await tab.getByRole("button", { name: "Approve" }).focus();
    await tab.keyboard.press("Enter");
    const modal = tab.getByRole("dialog", { name: "Approve" });
    await modal.getByLabel("Why?").waitFor();
    await tab.keyboard.type("ok");
    await modal.getByRole("button", { name: "Approve" }).focus();
    await tab.keyboard.press("Enter");
    await modal.getByText("Say a little more.").waitFor();
    expect(await modal.getByLabel("Why?").getAttribute("aria-invalid")).toBe("true");
    await modal.getByLabel("Why?").fill("Errors began with it");
    await modal.getByLabel(/^Owner/).selectOption("ben");
    await modal.getByLabel(/^Review at/).fill("2027-01-15T08:00:30");
    await modal.getByRole("button", { name: "Approve" }).press("Enter");

    await tab.getByText("Approved by @Ada Reviewer: Errors began with it (owner ben)").first().waitFor();
    await modal.waitFor({ state: "hidden" });
    expect(it.slack.message("C_OPS", it.ts)?.text).toMatch(/^Approved by <@U_ADA>/);
    const atS = Math.floor(new Date("2027-01-15T08:00:30").getTime() / 1000);
    expect(it.slack.deliveryLog.at(-1)?.payload["view"]).toMatchObject({
      state: { values: { review: { at: { selected_date_time: atS } } } },
    });
    expect(problems).toEqual([]);
    expect(elsewhere).toEqual([]);
  });

  it("runs commands, the home tab and panel actions, closes a modal with Escape, and speaks new messages", async () => {
    await using it = await open();
    await using browser = await openBrowser();
    const tab = await browser.newPage();
    await tab.goto(`${it.page.url}?as=U_ADA&in=C_OPS`);

    await tab.getByLabel("Message or slash command").fill("/flags checkout");
    await tab.keyboard.press("Enter");
    await tab.getByText("flags of checkout").first().waitFor();
    await tab.getByLabel("Message or slash command").fill("/nope");
    await tab.keyboard.press("Enter");
    await tab.getByText("/nope is not a valid command.").waitFor();

    await tab.getByText("checkout_one_click is on").waitFor();
    await tab.getByRole("button", { name: "Turn it off" }).click();
    await tab.getByText("It is off now").waitFor();
    await tab.getByText("checkout_one_click is off").waitFor();

    await tab.getByRole("button", { name: "Approve" }).click();
    await tab.getByRole("dialog").waitFor();
    await tab.keyboard.press("Escape");
    await tab.getByRole("dialog").waitFor({ state: "hidden" });
    await expect.poll(() => it.slack.as("U_ADA").topView()).toBeUndefined();

    await it.app.client.chat.postMessage({ channel: "C_OPS", text: "spoken fallback", thread_ts: it.ts });
    await expect
      .poll(() => tab.locator("#announcer").textContent())
      .toBe("Signalman in a thread: spoken fallback");
    await tab.getByText("1 reply").waitFor();

    await tab.getByRole("button", { name: "Signalman home" }).click();
    await tab.getByRole("heading", { name: "Open changes" }).waitFor();
  });

  it("shows hostile text as text, and fits a phone", async () => {
    await using it = await open();
    await using browser = await openBrowser({ viewport: { width: 360, height: 740 } });
    const tab = await browser.newPage();
    let wasRun = false;
    await tab.exposeFunction("hacked", () => (wasRun = true));
    const hostile = [
      "<img src=x onerror=hacked()>",
      "&lt;script&gt;hacked()&lt;/script&gt;",
      "<javascript:hacked()|click me>",
      '<https://x.test/"onmouseover="hacked()|hover>',
      "`<b>` *<i onclick=hacked()>* ```</code><script>hacked()</script>```",
      "x".repeat(600),
    ].join("\n");
    await it.app.client.chat.postMessage({
      channel: "C_OPS",
      text: "hostile",
      blocks: [
        { type: "section", text: { type: "mrkdwn", text: hostile } },
        { type: "section", text: { type: "plain_text", text: hostile } },
        {
          type: "actions",
          elements: [
            {
              type: "button",
              action_id: '"><script>hacked()</script>',
              value: "x",
              text: { type: "plain_text", text: "<b>Go</b>" },
            },
          ],
        },
      ],
    });
    await tab.goto(`${it.page.url}?as=U_ADA&in=C_OPS`);
    await tab.getByRole("button", { name: "<b>Go</b>" }).waitFor();
    for (const link of await tab.locator(".messages a").all()) {
      expect(await link.getAttribute("href")).toMatch(/^https:\/\/x\.test\//);
      await link.hover();
    }
    expect(await tab.locator(".messages :is(script, img, [onerror], [onclick], [onmouseover])").count()).toBe(
      0,
    );
    expect(wasRun).toBe(false);
    expect(await tab.evaluate("document.documentElement.scrollWidth")).toBe(360);
  });
});

/** What a name that was made to point at loopback (DNS rebinding) gets. */
function statusForHost(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: "/", headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}

describe("the page's door", () => {
  it("refuses other pages, other hosts and nonsense", async () => {
    await using it = await open();
    const post = (headers: Record<string, string>, body: unknown) =>
      fetch(`${it.page.url}act`, { method: "POST", headers, body: JSON.stringify(body) });
    const say = { kind: "say", as: "U_ADA", channel: "C_OPS", text: "hi" };
    const before = it.slack.messageLog.length;
    expect((await post({}, say)).status).toBe(403);
    expect((await post({ origin: "https://evil.test" }, say)).status).toBe(403);
    const origin = it.page.url.slice(0, -1);
    expect((await post({ origin }, { ...say, kind: "fire" })).status).toBe(400);
    expect(await statusForHost(it.page.port, "evil.test")).toBe(403);
    expect(await statusForHost(it.page.port, `localhost:${it.page.port}`)).toBe(200);
    expect(it.slack.messageLog).toHaveLength(before);
    expect((await post({ origin }, say)).status).toBe(200);
    expect(it.slack.messageLog).toHaveLength(before + 1);
  });

  it("forbids scripts and everything else from elsewhere", async () => {
    await using it = await open();
    const answer = await fetch(it.page.url);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'self';/);
    expect(await answer.text()).not.toMatch(/https?:\/\//);
  });
});

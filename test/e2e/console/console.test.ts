import { createServer } from "node:http";
import { once } from "node:events";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser, openBrowser } from "../../support/browser.ts";
import { freePort } from "../../../src/adapters/postgres/embedded/free-port.ts";
import { judgeAccess, takePicture, takesPictures } from "./look.ts";
import { openShopWithConsole, token } from "./open-shop-with-console.ts";

/** Pictures of the documents are of quiet days. */
const hostile = takesPictures
  ? "SearchSlow"
  : `<img src=x onerror="document.title='owned'"></title><script>document.title='owned'</script>`;

describe.skipIf(!hasBrowser())("the console in a real Chromium", () => {
  it("leads from a card to incident, change and ledger, for every reader", { timeout: 180_000 }, async () => {
    const port = await freePort();
    await using shop = await openShopWithConsole({ port, publicUrl: `http://127.0.0.1:${port}` });
    const { play, signalman } = shop;
    expect(signalman.consoleUrl).toBe(`http://127.0.0.1:${port}/console`);

    await sendUnreadable(signalman.doorUrl);
    await play.fire(signalman.doorUrl, "search", { ...shop.world.trouble.alert("search"), name: hostile });
    await play.cardWith("No flag change recommended", 30_000);
    await play.fire(signalman.doorUrl, "support");
    const card = await play.cardOffering("approve", 30_000);
    const link = /<(http:\/\/127\.0\.0\.1:\d+\/console\/incidents\/INC-\w{10})\|Open in console>/;
    const [, incidentUrl = ""] = link.exec(JSON.stringify(card.blocks)) ?? [];
    expect(incidentUrl).not.toBe("");
    await play.approve("ruth");
    await play.cardWith(takesPictures ? "Verdict" : "Applied", 60_000);

    for (const look of looks) {
      await using browser = await openBrowser({ viewport: look, colorScheme: look.scheme });
      await readEverything(await browser.newPage(), look, incidentUrl);
    }
    expect(shop.world.featbit.mutations.length).toBeGreaterThan(0);
  });
});

const looks = [
  { name: "light", scheme: "light", width: 1200, height: 1000 },
  { name: "phone-dark", scheme: "dark", width: 390, height: 844 },
] as const;

async function readEverything(tab: Page, look: (typeof looks)[number], incidentUrl: string) {
  tab.setDefaultTimeout(15_000);
  const problems: string[] = [];
  tab.on("console", (line) => problems.push(line.text()));
  tab.on("pageerror", (error) => problems.push(String(error)));
  const check = async (page: string) => {
    const { wrong, rulesPassed } = await judgeAccess(tab);
    expect([look.name, page, ...wrong]).toEqual([look.name, page]);
    expect(rulesPassed).toBeGreaterThan(10);
    const wide: unknown = await tab.evaluate("document.documentElement.scrollWidth");
    expect([look.name, page, wide]).toEqual([look.name, page, look.width]);
  };

  // As from a card in Slack, which is another site: first without a session, then with one.
  await using slack = await pageThatLinksTo(incidentUrl);
  await tab.goto(slack.url);
  await tab.getByRole("link", { name: "Open in console" }).click();
  await tab.getByLabel("Console token").fill("not the token");
  await tab.keyboard.press("Enter");
  await tab.getByRole("alert").getByText("That is not the token.").waitFor();
  await check("sign-in");
  expect(problems.splice(0).join()).toMatch(/401/);
  await tab.getByLabel("Console token").fill(token);
  await tab.keyboard.press("Enter");
  await tab.getByRole("heading", { level: 1, name: "SupportAnswersSlow" }).waitFor();
  expect(tab.url()).toBe(incidentUrl);
  await tab.goto(slack.url);
  await tab.getByRole("link", { name: "Open in console" }).click();
  await tab.getByRole("heading", { level: 1, name: "SupportAnswersSlow" }).waitFor();
  expect(problems.splice(0).join()).toMatch(/401/);

  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Enter");
  expect(await tab.evaluate("document.activeElement.id")).toBe("main");
  await tab.getByText("support_answer_profile changed at").first().waitFor();
  await tab
    .getByText(/^Not known: deploys/)
    .filter({ visible: true })
    .first()
    .waitFor();
  const plot = tab.getByRole("img", { name: /^Line plot\. answer latency p95/ });
  await plot.waitFor();
  const drawn =
    "(async (picture) => (await picture.decode(), picture.naturalWidth))(document.querySelector('.plot img'))";
  expect(await tab.evaluate(drawn)).toBe(960);
  await tab.getByText("Ruth Lindqvist").first().waitFor();
  await check("incident");
  await takePicture(tab, `incident-${look.name}`);

  await tab.getByRole("table", { name: "Changes of this incident" }).getByRole("link").click();
  await tab.getByRole("heading", { level: 1, name: /^Limit reranker_v2/ }).waitFor();
  await tab.getByText("Default rule: baseline 100% → 90%, reranker_v2 0% → 10%").first().waitFor();
  const controls = tab.getByRole("table", { name: "Controls evaluated" });
  await controls.getByRole("row", { name: /signalman-mode .*approval_required/ }).waitFor();
  await tab
    .getByRole("table", { name: "Votes" })
    .getByRole("row", { name: /approved .*Ruth/ })
    .waitFor();
  await tab.getByText("intact: nobody’s change was overwritten").waitFor();
  await check("change");
  await takePicture(tab, `change-${look.name}`);

  await tab.getByRole("link", { name: /^Ledger proof of CHG-/ }).click();
  await tab.getByText(/entries: every hash recomputed just now/).waitFor();
  await tab.getByRole("row", { name: /vote Ruth Lindqvist \(U0RUTH\)/ }).waitFor();
  await check("ledger proof");

  await tab.getByRole("link", { name: "Incidents", exact: true }).click();
  await tab.getByRole("link", { name: hostile }).waitFor();
  await tab.getByLabel("of", { exact: true }).selectOption("support-assistant");
  await tab.getByRole("button", { name: "Show" }).click();
  await tab.getByRole("link", { name: hostile }).waitFor({ state: "detached" });
  await tab.getByRole("link", { name: "SupportAnswersSlow" }).waitFor();
  await check("incidents");
  await tab.getByRole("link", { name: "Incidents", exact: true }).click();
  await tab.getByRole("link", { name: hostile }).click();
  await tab.getByText("No flag change recommended.").waitFor();
  expect(await tab.title()).toContain(hostile.slice(0, 40));
  await check("hostile incident");

  for (const [name, seen] of sections) {
    await tab.getByRole("link", { name, exact: true }).click();
    await tab.getByText(seen).first().waitFor();
    await check(name);
  }
  await tab.getByRole("link", { name: "Quarantine", exact: true }).click();
  await tab.getByRole("table").getByRole("link").click();
  await tab.getByText('"token":"[redacted]"').waitFor();
  await check("delivery");

  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.getByLabel("Console token").waitFor();
  await tab.goto(incidentUrl);
  await tab.getByLabel("Console token").waitFor();
  expect(problems).toEqual([]);
}

const sections = [
  ["Changes", "Limit reranker_v2"],
  ["Queues", "Every ledger entry has its position."],
  ["Quarantine", "it must say firing or resolved"],
  ["Modes", "Needs 1 approval by release-manager"],
] as const;

/** A delivery that its source may send and nobody understands, with what must not be shown. */
async function sendUnreadable(doorUrl: string): Promise<void> {
  const answer = await fetch(`${doorUrl}/webhooks/alertmanager`, {
    method: "POST",
    headers: { authorization: "Bearer sandbox-alertmanager-secret", "content-type": "application/json" },
    body: JSON.stringify({ version: "4", alerts: [{ labels: "no", token: "hunter2hunter2" }] }),
  });
  expect(answer.status).toBe(202);
}

/** Another site: `localhost` is none of ours. */
async function pageThatLinksTo(url: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((_, response) => {
    response
      .writeHead(200, { "content-type": "text/html" })
      .end(`<!doctype html><link rel="icon" href="data:,"><a href="${url}">Open in console</a>`);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://localhost:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

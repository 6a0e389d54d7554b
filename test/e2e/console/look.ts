import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { z } from "zod";

const Results = z.object({
  passes: z.array(z.unknown()),
  violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
});

/** What is wrong with the page for whoever does not look at it as we do, and how many rules found it right. */
export async function judgeAccess(tab: Page): Promise<{ wrong: string[]; rulesPassed: number }> {
  await tab.evaluate(axe.source);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const run = `axe.run({ runOnly: { type: "tag", values: ${JSON.stringify(tags)} } })`;
  const { violations, passes } = Results.parse(await tab.evaluate(run));
  return {
    wrong: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`),
    rulesPassed: passes.length,
  };
}

export const images = join(import.meta.dirname, "..", "..", "..", "docs", "images");

/** True where `SIGNALMAN_PICTURES` asks for the pictures of the documents to be taken anew. */
export const takesPictures = process.env["SIGNALMAN_PICTURES"] === "1";

/** Of the top of the page, as high as a page of paper is to its width. */
export async function takePicture(tab: Page, name: string): Promise<void> {
  if (!takesPictures) return;
  mkdirSync(images, { recursive: true });
  await tab.evaluate("scrollTo(0, 0); document.activeElement.blur()");
  await tab.screenshot({ path: join(images, `console-${name}.png`) });
}

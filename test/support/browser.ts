import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type BrowserContextOptions } from "playwright-core";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

/**
 * Whether browser tests can run here. Without a Chromium they are skipped with one line that says so; in CI, where a
 * silent skip would hide everything, that is an error.
 */
export function hasBrowser(): boolean {
  if (existsSync(executablePath)) return true;
  const missing = `no Chromium at ${executablePath}; set CHROMIUM_PATH or install it`;
  if (process.env["CI"] === "true") throw new Error(missing);
  process.stderr.write(`browser tests skipped: ${missing}\n`);
  return false;
}

/** A real Chromium with an empty profile. It does not call home, so that nothing leaves loopback. */
export async function openBrowser(
  options: BrowserContextOptions = {},
): Promise<BrowserContext & AsyncDisposable> {
  const profile = await mkdtemp(join(tmpdir(), "signalman-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    ...options,
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return Object.assign(context, {
    async [Symbol.asyncDispose](): Promise<void> {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  });
}

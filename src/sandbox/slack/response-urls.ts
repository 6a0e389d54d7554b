import { newToken } from "./ids.ts";

/** What a response URL answers to: the click or the command of one person in one place. */
export type ResponseTarget = {
  readonly user: string;
  readonly channel: string;
  /** The message whose element was used; not set for a slash command. */
  readonly messageTs?: string;
  readonly threadTs?: string;
  /** The command line as typed, when this answers a command. */
  readonly command?: string;
};

const maxUses = 5;
const lifetimeMs = 30 * 60_000;

/** Response URLs: five uses within thirty minutes. */
export function createResponseUrls(now: () => number) {
  const issued = new Map<
    string,
    { readonly target: ResponseTarget; readonly issuedAt: number; uses: number }
  >();

  const issue = (target: ResponseTarget): string => {
    const path = `/${target.command === undefined ? "actions" : "commands"}/${newToken()}/${newToken()}`;
    issued.set(path, { target, issuedAt: now(), uses: 0 });
    return path;
  };

  const use = (
    path: string,
  ): { readonly target: ResponseTarget } | { readonly refusal: "expired_url" | "used_url" } => {
    const known = issued.get(path);
    if (known === undefined || now() - known.issuedAt > lifetimeMs) return { refusal: "expired_url" };
    if (known.uses >= maxUses) return { refusal: "used_url" };
    known.uses += 1;
    return { target: known.target };
  };

  return { issue, use };
}

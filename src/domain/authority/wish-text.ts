import type { OverrideWish } from "./events.ts";

/** What is taken away, in a few words. */
export function wishText(wish: OverrideWish): string {
  switch (wish.kind) {
    case "mode":
      return `mode ${wish.mode}`;
    case "deny_tool":
      return `deny ${wish.tool}`;
    case "strict":
      return "strict: every change takes a click";
  }
}

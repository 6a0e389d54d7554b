import { newToken } from "./ids.ts";

export type TriggerRefusal = "invalid_trigger_id" | "expired_trigger_id" | "exchanged_trigger_id";

/** Trigger ids: proof that a person just did something. Good once, for three seconds (`ttlMs`). */
export function createTriggers(now: () => number, ttlMs: number) {
  const issued = new Map<string, { readonly user: string; readonly issuedAt: number; exchanged: boolean }>();

  const issue = (user: string): string => {
    const id = `${Math.floor(now())}.${newToken(5)}.${newToken(16)}`;
    issued.set(id, { user, issuedAt: now(), exchanged: false });
    return id;
  };

  const exchange = (id: string): { readonly user: string } | { readonly refusal: TriggerRefusal } => {
    const trigger = issued.get(id);
    if (trigger === undefined) return { refusal: "invalid_trigger_id" };
    if (trigger.exchanged) return { refusal: "exchanged_trigger_id" };
    if (now() - trigger.issuedAt > ttlMs) return { refusal: "expired_trigger_id" };
    trigger.exchanged = true;
    return { user: trigger.user };
  };

  return { issue, exchange };
}

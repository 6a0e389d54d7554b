import type { Json } from "../json.ts";

export type PayloadKind = "events_api" | "interactive" | "slash_commands";

/** How the app answered one delivery. `afterMs` is counted from sending. */
export type Outcome =
  | { readonly kind: "acked"; readonly afterMs: number; readonly body?: Json }
  | { readonly kind: "timeout"; readonly afterMs: number }
  | { readonly kind: "refused"; readonly afterMs: number; readonly status: number; readonly noRetry: boolean }
  | { readonly kind: "unreachable"; readonly afterMs: number; readonly reason: string };

export type Retry = { readonly attempt: number; readonly reason: string };

export type Transport = (
  kind: PayloadKind,
  payload: Readonly<Record<string, unknown>>,
  retry?: Retry,
) => Promise<Outcome>;

/** What Slack shows to the person who clicked or typed; `undefined` when all is well. */
export function complaintTo(outcome: Outcome): string | undefined {
  if (outcome.kind === "acked") return undefined;
  if (outcome.kind === "timeout") return "operation_timeout: the app did not answer in time";
  if (outcome.kind === "refused")
    return `http_service_error: the app responded with status code ${outcome.status}`;
  return `dispatch_failed: ${outcome.reason}`;
}

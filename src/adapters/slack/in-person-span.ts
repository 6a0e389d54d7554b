import { SpanKind } from "@opentelemetry/api";
import { inSpan } from "../../watch/in-span.ts";
import type { Front } from "./front.ts";
import { soon } from "./within.ts";

/** What a person pressed, sent in, typed or opened. */
export interface PersonsAct {
  kind: "click" | "form" | "command" | "home" | "shortcut";
  /** A name of ours: an action id, a callback id, a command. */
  name: string;
  /** The change or incident it is about, as its button or form says, whether or not there is such a one. */
  about?: { changeId: string } | { incidentId: string } | undefined;
}

/** What a person does goes on with the trace of what it is about, or, long after, points at it. */
export async function inPersonSpan<Result>(
  { traceOf }: Pick<Front, "traceOf">,
  { kind, name, about }: PersonsAct,
  run: () => Promise<Result>,
): Promise<Result> {
  const [stream, subject] =
    about === undefined
      ? []
      : "changeId" in about
        ? (["change", about.changeId] as const)
        : (["incident", about.incidentId] as const);
  // A trace that cannot be found must not keep anybody from acting.
  const carried = stream === undefined ? undefined : traceOf?.(stream, subject);
  const found = carried === undefined ? null : await soon(500, carried).catch(() => null);
  const attributes = {
    "messaging.system": "slack",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": kind,
    ...(subject !== undefined && { "signalman.subject": subject }),
  };
  return inSpan(`${kind} ${name}`, { kind: SpanKind.CONSUMER, attributes, from: found?.value ?? null }, run);
}

import { z } from "zod";

/** The aggregates. Each instance is one stream of events. */
export const AggregateKind = z.enum(["incident", "change", "mute", "authority", "standing", "notice"]);
export type AggregateKind = z.infer<typeof AggregateKind>;

/** `incident/<id>`, `change/<id>`, `mute/<service>`, `authority/<service or *>`, `standing/<id>`, `notice/<subject>`. */
export const StreamName = z
  .templateLiteral([AggregateKind, "/", z.string().min(1)])
  .describe("the name of one aggregate's stream");
export type StreamName = z.infer<typeof StreamName>;

export function streamOf(kind: AggregateKind, id: string): StreamName {
  return `${kind}/${id}`;
}

export function splitStream(stream: StreamName): { kind: AggregateKind; id: string } {
  const cut = stream.indexOf("/");
  return { kind: AggregateKind.parse(stream.slice(0, cut)), id: stream.slice(cut + 1) };
}

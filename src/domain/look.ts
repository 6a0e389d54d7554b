import { z } from "zod";
import { outsideText } from "./evidence/outside-text.ts";
import { type Instant, toInstant } from "./ids.ts";

/** What a model may ask to see for one incident. Code makes the lists; nothing else can be asked for. */
export interface LookBounds {
  /** Ids of the service's queries. */
  queryIds: readonly string[];
  /** Keys of the service's flags in the incident's environment. */
  flagKeys: ReadonlySet<string>;
  /** Ids of the runbooks that the service may use. */
  runbookIds: readonly string[];
  /** The window that was looked at; every other must lie within it. */
  from: Instant;
  to: Instant;
}

interface Range {
  from: Instant;
  to: Instant;
}

/** One look as it was understood. It names things; it holds no query and no text of others. */
export type Look =
  | ({ tool: "metric.query"; queryId: string; stepSeconds: number } & Range)
  | { tool: "flag.read"; flagKey: string }
  | ({ tool: "audit.read"; flagKey: string } & Range)
  | { tool: "runbook.read"; runbookId: string }
  | ({ tool: "deploy.read" } & Range)
  | { tool: "incident.read" };

export type Understood = { kind: "look"; look: Look } | { kind: "refused"; because: string };

const mostCharacters = 2_000;
const leastWindowMs = 60_000;
/** Models round to whole seconds or minutes. */
const roundingMs = 60_000;
const [leastSamples, mostSamples] = [6, 720];

const window = {
  from: z.string().describe("Begin of the window, ISO 8601 in UTC, not before evidence.from"),
  to: z.string().describe("End of the window, ISO 8601 in UTC, not after evidence.to"),
};
const flagKey = z.string().describe("Key of a flag that stands in the evidence");

const schemas = {
  "metric.query": ({ queryIds }: LookBounds) =>
    z.strictObject({
      queryId: z.enum(queryIds),
      ...window,
      stepSeconds: z
        .int()
        .describe(`Between samples, such that ${leastSamples} to ${mostSamples} lie in the window`),
    }),
  "flag.read": () => z.strictObject({ flagKey }),
  "audit.read": () => z.strictObject({ flagKey, ...window }),
  "runbook.read": ({ runbookIds }: LookBounds) => z.strictObject({ runbookId: z.enum(runbookIds) }),
  "deploy.read": () => z.strictObject(window),
  "incident.read": () => z.strictObject({}),
} satisfies Record<Look["tool"], (bounds: LookBounds) => z.ZodType>;

/** JSON schema of a tool's arguments, of the kind that strict mode takes. */
export function lookSchema(tool: Look["tool"], bounds: LookBounds): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schemas[tool](bounds));
  return json;
}

/** Arguments as a model wrote them, checked against the lists; else why they are refused. */
export function understandLook(tool: Look["tool"], argumentsText: string, bounds: LookBounds): Understood {
  const value = jsonOf(argumentsText);
  switch (tool) {
    case "metric.query": {
      const read = schemas[tool](bounds).safeParse(value);
      if (!read.success) return unfit(read.error);
      const { queryId, stepSeconds, ...asked } = read.data;
      return within(asked, bounds, (range) => {
        const samples = (Date.parse(range.to) - Date.parse(range.from)) / 1000 / stepSeconds;
        return samples >= leastSamples && samples <= mostSamples
          ? { kind: "look", look: { tool, queryId, stepSeconds, ...range } }
          : refused(`stepSeconds must give ${leastSamples} to ${mostSamples} samples in the window.`);
      });
    }
    case "flag.read": {
      const read = schemas[tool]().safeParse(value);
      if (!read.success) return unfit(read.error);
      return ofFlag(read.data.flagKey, bounds, { tool, ...read.data });
    }
    case "audit.read": {
      const read = schemas[tool]().safeParse(value);
      if (!read.success) return unfit(read.error);
      const { flagKey: key, ...asked } = read.data;
      return within(asked, bounds, (range) => ofFlag(key, bounds, { tool, flagKey: key, ...range }));
    }
    case "runbook.read": {
      const read = schemas[tool](bounds).safeParse(value);
      return read.success ? { kind: "look", look: { tool, ...read.data } } : unfit(read.error);
    }
    case "deploy.read": {
      const read = schemas[tool]().safeParse(value);
      if (!read.success) return unfit(read.error);
      return within(read.data, bounds, (range) => ({ kind: "look", look: { tool, ...range } }));
    }
    case "incident.read": {
      const read = schemas[tool]().safeParse(value);
      return read.success ? { kind: "look", look: { tool } } : unfit(read.error);
    }
  }
}

function within(
  asked: { from: string; to: string },
  bounds: LookBounds,
  then: (range: Range) => Understood,
): Understood {
  const [from, to] = [instantIn(asked.from), instantIn(asked.to)];
  if (from === null || to === null) return refused("from and to must be times such as 2026-11-21T12:00:00Z.");
  const [first, last] = [Date.parse(bounds.from), Date.parse(bounds.to)];
  if (from < first - roundingMs || to > last + roundingMs) {
    return refused(`The window must lie between ${bounds.from} and ${bounds.to}.`);
  }
  const range = { from: Math.max(from, first), to: Math.min(to, last) };
  if (range.to - range.from < leastWindowMs) return refused("The window must be at least a minute long.");
  return then({ from: toInstant(range.from), to: toInstant(range.to) });
}

function ofFlag(key: string, { flagKeys }: LookBounds, look: Look): Understood {
  return flagKeys.has(key)
    ? { kind: "look", look }
    : refused(`${outsideText(key, 60)} is no flag of this service here.`);
}

/** Epoch milliseconds. */
function instantIn(text: string): number | null {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

function jsonOf(text: string): unknown {
  if (text.length > mostCharacters) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unfit(error: z.ZodError): Understood {
  return refused(`These arguments do not fit: ${outsideText(z.prettifyError(error), 240)}`);
}

function refused(because: string): Understood {
  return { kind: "refused", because };
}

import { type Evidence, type EvidenceItem } from "../../domain/evidence/evidence.ts";
import { outsideText } from "../../domain/evidence/outside-text.ts";
import type { InvestigationLimits } from "../../domain/investigation-limits.ts";
import { canonicalJson, contentHash } from "../../domain/ledger/chain.ts";
import { type Look, understandLook } from "../../domain/look.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { decideRead, type ReadDecision } from "../../domain/policy/decide-read.ts";
import type { Rulebook } from "../../domain/policy/rulebook.ts";
import type { ToolCall } from "../../domain/tool-call.ts";
import type { Item } from "../evidence/evidence-source.ts";
import { limitEvidence } from "../evidence/limit-evidence.ts";
import { contextOf } from "../investigate.ts";
import type { Controls } from "../ports/controls.ts";
import type { Investigated, ToolAnswer, ToolOffer } from "../ports/drafter.ts";
import { troubleBeganAt } from "../trouble-began-at.ts";
import { StorageAway } from "./meter.ts";
import { boundsOf, offersOf, type ReadContext, takeLook } from "./read-tools.ts";

/** Of one call, and of all of an investigation together. */
const [mostItems, mostAdded, mostAddedText] = [6, 24, 16_000];

export interface InvestigationOptions extends ReadContext {
  controls: Controls;
  rulebook: Rulebook;
  limits: InvestigationLimits;
  /** Puts a call into the ledger. What cannot be recorded is not shown to the model. */
  record: (call: ToolCall) => Promise<void>;
}

/** One look around for one incident, whichever models take part in it. */
export interface Investigation {
  readonly limits: InvestigationLimits;
  /** Empty: there is nothing to look at. */
  readonly tools: readonly ToolOffer[];
  nextRound(): boolean;
  call(tool: string, argumentsText: string, signal: AbortSignal): Promise<ToolAnswer>;
  /** For good: the model wants no more, or a limit is met. Only the first reason counts. */
  end(because: string): void;
  /** What remains of the limits may still be used by another model. */
  fail(because: string): void;
  isOver(): boolean;
  /** What was gathered, and what was added. */
  evidence(): Evidence;
  added(): EvidenceItem[];
  told(): Investigated;
}

interface CarriedOut {
  answer: Answer;
  decision: ReadDecision | null;
  /** The arguments as they were understood. */
  asked: string;
}

type Answer = { kind: "answered"; items: EvidenceItem[] } | { kind: "refused" | "failed"; because: string };

/**
 * Carries out what a model asks for, each call checked against the lists of `boundsOf`, asked of policy with the
 * controls as they are at that moment, bounded, numbered into the evidence and recorded.
 */
export function createInvestigation(options: InvestigationOptions): Investigation {
  const { incident, evidence: gathered, limits, record } = options;
  const bounds = boundsOf(options);
  const tools = offersOf(options, bounds);
  const beganAt = troubleBeganAt(incident);
  const added: EvidenceItem[] = [];
  const known = new Map<string | null, EvidenceItem>(gathered.items.map((item) => [identityOf(item), item]));
  const answered = new Map<string, EvidenceItem[]>();
  const calls: Investigated["calls"] = [];
  let rounds = 0;
  let text = 0;
  let over: string | null = null;
  let failed: string | null = null;

  function end(because: string): void {
    over ??= because;
  }

  /** Numbers what is new, as far as there is room; what was known keeps its number. */
  function keep(items: readonly Item[]): EvidenceItem[] {
    return limitEvidence(items, beganAt)
      .kept.slice(0, mostItems)
      .flatMap((item) => {
        const identity = identityOf(item);
        const same = identity === null ? undefined : known.get(identity);
        if (same !== undefined) return [same];
        const size = item.text.reduce((sum, line) => sum + line.length, item.title.length);
        if (added.length >= mostAdded || text + size > mostAddedText) {
          end("As much was added to the evidence as there is room for.");
          return [];
        }
        text += size;
        const numbered: EvidenceItem = { ...item, id: `E${gathered.items.length + added.length + 1}` };
        added.push(numbered);
        if (identity !== null) known.set(identity, numbered);
        return [numbered];
      });
  }

  async function carryOut(
    tool: Look["tool"],
    argumentsText: string,
    signal: AbortSignal,
  ): Promise<CarriedOut> {
    const understood = understandLook(tool, argumentsText, bounds);
    if (understood.kind === "refused") return refused(understood.because);
    const { look } = understood;
    const { tool: _, ...named } = look;
    const asked = canonicalJson(named);
    const decision = await decide(look, options);
    if (decision.kind === "deny") {
      return { answer: { kind: "refused", because: decision.reason }, decision, asked };
    }
    const before = answered.get(`${tool} ${asked}`);
    if (before !== undefined) return { answer: { kind: "answered", items: before }, decision, asked };
    const shown = await takeLook(look, options);
    // Whoever asked has gone on to conclude: what is added now would be evidence that nobody concluded from.
    if (signal.aborted) return { answer: { kind: "failed", because: "It came too late." }, decision, asked };
    if (shown.kind !== "shown") return { answer: shown, decision, asked };
    const items = keep(shown.items);
    answered.set(`${tool} ${asked}`, items);
    return { answer: { kind: "answered", items }, decision, asked };
  }

  async function call(name: string, argumentsText: string, signal: AbortSignal): Promise<ToolAnswer> {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const tool = tools.find((one) => one.name === name);
    const done =
      calls.length >= limits.calls
        ? refused(`The limit of ${limits.calls} calls is met. Conclude.`)
        : tool === undefined
          ? refused("There is no such tool.")
          : await carryOut(tool.name, argumentsText, signal).catch(failedOutside);
    const { answer, decision, asked } = done;
    const made: ToolCall = {
      tool: tool?.name ?? outsideText(name, 64),
      arguments: asked.length > 1000 ? "" : asked,
      argumentsHash: contentHash(argumentsText),
      decision,
      outcome: answer.kind,
      because: answer.kind === "answered" ? "" : outsideText(answer.because, 300),
      evidenceIds: answer.kind === "answered" ? answer.items.map(({ id }) => id) : [],
      ms: Math.round(performance.now() - startedAt),
    };
    calls.push(made);
    await record(made).catch((error: unknown) => {
      if (!(error instanceof OpsError)) throw error;
      throw new StorageAway("A call of a tool could not be recorded.", { cause: error });
    });
    return { ...answer, callsLeft: Math.max(0, limits.calls - calls.length) };
  }

  return {
    limits,
    tools,
    nextRound() {
      if (rounds >= limits.rounds) end(`The limit of ${limits.rounds} rounds is met.`);
      if (calls.length >= limits.calls) end(`The limit of ${limits.calls} calls is met.`);
      if (over !== null) return false;
      failed = null;
      rounds += 1;
      return true;
    },
    call,
    end,
    fail: (because) => void (failed = because),
    isOver: () => over !== null || tools.length === 0,
    evidence: () => (added.length === 0 ? gathered : { ...gathered, items: [...gathered.items, ...added] }),
    added: () => [...added],
    told: () => ({ calls: [...calls], ended: over ?? failed ?? "Nothing was asked for." }),
  };
}

async function decide(
  look: Look,
  { incident, scope, ports, controls, rulebook }: InvestigationOptions,
): Promise<ReadDecision> {
  const { tool } = look;
  const governance = rulebook.contracts.get(tool) ?? null;
  const reading = await controls.read({
    ...contextOf(incident),
    tool,
    riskClass: governance?.riskClass ?? "",
  });
  const { project, environment } = scope;
  const decideFor = (tags: readonly string[]) =>
    decideRead({
      tool,
      workflow: incident.requester.kind === "person" ? "human-request" : "incident-response",
      environment,
      tags,
      governance,
      roles: rulebook.roles,
      controls: reading,
    });
  const decision = decideFor([]);
  const blocked = governance?.hardBoundary.blockedTags ?? [];
  if (decision.kind === "deny" || !("flagKey" in look) || blocked.length === 0) return decision;
  const flags = await ports.flags.list({ project, environment }, { keys: [look.flagKey], tags: [] });
  return decideFor(flags.flatMap(({ flag }) => flag.tags));
}

function refused(because: string): CarriedOut {
  return { answer: { kind: "refused", because }, decision: null, asked: "" };
}

/** A source that does not answer is told to the model; a bug stays a bug. */
function failedOutside(error: unknown): CarriedOut {
  if (!(error instanceof OpsError)) throw error;
  return { answer: { kind: "failed", because: error.message }, decision: null, asked: "" };
}

/** Equal for two looks at the same thing; null where every look is one of its own. */
function identityOf(item: Item): string | null {
  switch (item.kind) {
    case "flag_change":
    case "flag_change_elsewhere":
      return `${item.kind} ${item.ref.environment} ${item.auditId} ${item.ref.key}`;
    case "flag_state":
      return `flag_state ${item.ref.key} ${item.revision}`;
    case "deploy":
      return `deploy ${item.source} ${item.version} ${item.at}`;
    case "change":
      return `change ${item.source} ${item.at} ${item.title}`;
    case "past_incident":
      return `past_incident ${item.incidentId}`;
    case "runbook":
      return `runbook ${item.runbookId}`;
    case "metric":
      return null;
  }
}

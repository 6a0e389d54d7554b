import { z } from "zod";

/** What an audit must be able to answer of every action, in the order of the export. Empty where it does not apply. */
export const auditColumns = [
  "request",
  "user",
  "account",
  "environment",
  "workflow",
  "agent",
  "session",
  "tool",
  "target",
  "summary",
  "risk",
  "reversibility",
  "hard_authorization",
  "flags",
  "decision",
  "reviewer",
  "review_result",
  "consequence",
  "execution_result",
  "latency_ms",
  "undo",
  "rollback_state",
  "incident",
  "review_date",
  "owner",
] as const;

export type AuditFields = Partial<Record<(typeof auditColumns)[number], string>>;

/** Read loosely and by what it holds, not by the kind of stream: an export leaves no kind of entry out. */
const text = z.string().optional().catch(undefined);
const texts = z.array(z.string()).optional().catch(undefined);
function part<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape).optional().catch(undefined);
}
const Requester = part({ kind: text, name: text, userId: text, sourceId: text });
const Lineage = part({ kind: text, changeId: text });
const Facts = z.object({
  correlationId: text,
  incidentId: text,
  tenant: text,
  title: text,
  requester: Requester,
  scope: part({ project: text, environment: text, environmentName: text }),
  proposal: part({
    summary: text,
    lineage: Lineage,
    plan: part({ reverseDiff: texts }),
    action: part({
      request: text,
      workflow: text,
      session: text,
      account: text,
      actor: part({ agent: text, requester: Requester }),
      tool: text,
      target: part({ project: text, environment: text, key: text }),
      riskClass: text,
      reversibility: text,
    }),
  }),
  decision: part({
    kind: text,
    mode: text,
    rule: text,
    reasons: texts,
    controls: z
      .array(z.object({ key: z.string(), value: z.string() }))
      .optional()
      .catch(undefined),
  }),
  vote: z
    .union([z.string(), z.object({ vote: text, userId: text, name: text, rationale: text })])
    .optional()
    .catch(undefined),
  glass: part({ userId: text, name: text, rationale: text }),
  attestation: part({ userId: text, name: text, statement: text }),
  use: part({ standingId: text, by: text }),
  tool: text,
  outcome: text,
  userId: text,
  name: text,
  by: text,
  reason: text,
  rationale: text,
  expiresAt: text,
  operationId: text,
  revision: text,
  latencyMs: z.number().optional().catch(undefined),
  ms: z.number().optional().catch(undefined),
  verification: part({ verdict: text, reason: text }),
  resolution: text,
  owner: text,
  reviewAt: text,
  linkedChangeId: text,
});
type Facts = z.infer<typeof Facts>;

/** What an entry says that holds for all later ones of its stream too. */
export function lastingFields(stream: string, data: unknown): AuditFields {
  const facts = factsOf(data);
  const { proposal, scope } = facts;
  const action = proposal?.action;
  const requester = action?.actor?.requester ?? facts.requester;
  const target = action?.target;
  const lineage = proposal?.lineage;
  return given({
    request: action?.request ?? facts.correlationId,
    user: requester === undefined ? undefined : whoOf(requester),
    account: action?.account ?? facts.tenant,
    environment: joined("/", [target?.project ?? scope?.project, target?.environment ?? scope?.environment]),
    workflow: action?.workflow,
    agent: action?.actor?.agent,
    session: action?.session,
    tool: action?.tool,
    target: target?.key,
    summary: proposal?.summary ?? facts.title,
    risk: action?.riskClass,
    reversibility: action?.reversibility,
    undo: proposal?.plan?.reverseDiff?.join("; "),
    rollback_state: lineage === undefined ? undefined : joined(" ", [lineage.kind, lineage.changeId]),
    incident:
      facts.incidentId ?? (stream.startsWith("incident/") ? stream.slice("incident/".length) : undefined),
  });
}

/** What an entry says of itself alone. */
export function fieldsOf(type: string, data: unknown): AuditFields {
  const facts = factsOf(data);
  return given({
    // What one of them does not know must not hide what another does.
    ...given(personFields(facts)),
    ...given(decisionFields(facts)),
    ...given(outcomeFields(type, facts)),
    tool: facts.tool,
    latency_ms: (facts.latencyMs ?? facts.ms)?.toString(),
    review_date: facts.reviewAt,
    owner: facts.owner,
  });
}

function personFields({
  vote,
  glass,
  attestation,
  use,
  userId,
  name,
  by,
  rationale,
}: Facts): Partial<Record<keyof AuditFields, string | undefined>> {
  if (typeof vote === "object") {
    return { reviewer: whoOf(vote), review_result: vote.vote, consequence: vote.rationale };
  }
  if (glass !== undefined) {
    return { reviewer: whoOf(glass), review_result: "approve (emergency)", consequence: glass.rationale };
  }
  if (attestation !== undefined) {
    return { reviewer: whoOf(attestation), review_result: "stated", consequence: attestation.statement };
  }
  if (use !== undefined) {
    return { reviewer: use.by, review_result: joined(" ", ["approve (standing)", use.standingId]) };
  }
  const who = name === undefined && userId === undefined ? by : whoOf({ name, userId });
  if (vote !== undefined) return { reviewer: who, review_result: `${vote} refused` };
  return rationale === undefined ? { user: who } : { reviewer: who };
}

function decisionFields({ decision }: Facts): Partial<Record<keyof AuditFields, string | undefined>> {
  if (decision === undefined) return {};
  const { kind, mode, rule, reasons = [], controls = [] } = decision;
  const isHard = rule === "hard_boundary" || rule === "no_contract";
  return {
    hard_authorization: isHard ? `refused: ${reasons.join(" ")}` : "passed",
    flags: controls.map(({ key, value }) => `${key}=${value}`).join("; "),
    decision: joined(" ", [kind, mode, rule]),
    consequence: reasons.join(" "),
  };
}

/** How it went on, by the words that entries themselves use. */
function outcomeFields(type: string, facts: Facts): Partial<Record<keyof AuditFields, string | undefined>> {
  const { reason, operationId, revision, verification, resolution, linkedChangeId, expiresAt, outcome } =
    facts;
  if (resolution !== undefined) {
    return { consequence: resolution, rollback_state: joined(" ", [resolution, linkedChangeId]) };
  }
  if (verification !== undefined) {
    return { consequence: joined(": ", [verification.verdict, verification.reason]) };
  }
  if (operationId !== undefined) {
    return {
      execution_result: joined(" ", [type, operationId, revision && `revision ${revision}`, reason]),
      ...(revision !== undefined && { rollback_state: "possible" }),
    };
  }
  if (outcome !== undefined) return { execution_result: outcome, consequence: reason };
  return { consequence: reason ?? facts.rationale ?? (expiresAt && `open until ${expiresAt}`) };
}

function factsOf(data: unknown): Facts {
  return Facts.catch({}).parse(data);
}

function whoOf({
  name,
  userId,
  sourceId,
}: {
  name?: string | undefined;
  userId?: string | undefined;
  sourceId?: string | undefined;
}): string {
  if (sourceId !== undefined) return `alert source ${sourceId}`;
  return userId === undefined ? (name ?? "") : `${name ?? ""} (${userId})`.trim();
}

function joined(between: string, parts: readonly (string | undefined)[]): string | undefined {
  const found = parts.filter((each) => each !== undefined && each !== "");
  return found.length === 0 ? undefined : found.join(between);
}

function given(fields: Partial<Record<keyof AuditFields, string | undefined>>): AuditFields {
  return Object.fromEntries(
    Object.entries(fields).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "",
    ),
  );
}

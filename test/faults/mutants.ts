import type { Patch } from "./harness/patches.ts";

/** Signalman without one of its protections. */
export interface Mutant {
  name: string;
  /** The invariant of docs/faults.md, or the row of the threat model, that no longer holds. */
  breaks: string;
  patches: readonly Patch[];
  /** The trial that must find a counter-example, by its name. */
  caughtBy: string;
  /** What the counter-example says: a start that fails, or a wait for something else, is no catch. */
  says: RegExp;
}

export const mutants: readonly Mutant[] = [
  {
    name: "no identity check at execution",
    breaks: "I4, T9",
    patches: [
      {
        file: "pipeline/recheck-approval.ts",
        find: 'cast.map(async ({ userId }) => ({ userId, roles: await rolesNow(userId, "approve", proposal, deps) })),',
        put: "cast.map(async ({ userId, roles }) => ({ userId, roles: (void proposal, void deps, roles) })),",
      },
    ],
    caughtBy: "approver loses the role before the write",
    says: /^I4: it was written although its only approver was no release manager any more/,
  },
  {
    name: "approval not bound to the digest",
    breaks: "I4, T8",
    patches: [
      {
        file: "domain/change/decide-vote.ts",
        find: "if (digest !== state.proposal.digest) {",
        put: "if (false) {",
      },
      {
        file: "domain/change/decide-execution.ts",
        find: 'state.votes.filter((cast) => cast.vote === "approve" && cast.digest === digest)',
        put: 'state.votes.filter((cast) => cast.vote === "approve")',
      },
      {
        file: "pipeline/recheck-approval.ts",
        find: 'state.votes.filter((vote) => vote.vote === "approve" && vote.digest === digest)',
        put: 'state.votes.filter((vote) => vote.vote === "approve")',
      },
    ],
    caughtBy: "approval of another digest",
    says: /^I4: it was written by an approval whose digest is not that of the plan/,
  },
  {
    name: "requester may approve alone",
    breaks: "I4, T10",
    patches: [
      {
        file: "domain/change/decide-vote.ts",
        find: 'if (command.vote === "approve" && asksForOthers && own) {',
        put: "if (false && asksForOthers && own) {",
      },
      {
        file: "domain/policy/requirement.ts",
        find: "!(separationOfDuties && requester.kind",
        put: "!(false && separationOfDuties && requester.kind",
      },
    ],
    caughtBy: "whoever asked approves alone",
    says: /^T10: Ruth Lindqvist asked for a change and approved it alone/,
  },
  {
    name: "expected revision not checked",
    breaks: "I5, T11",
    patches: [
      {
        file: "pipeline/recheck-approval.ts",
        find: "if (digest === state.proposal.digest) return",
        put: "if (true) return",
      },
      {
        file: "pipeline/recheck-approval.ts",
        find: '{ kind: "fresh", digest };',
        put: '{ kind: "fresh", digest: state.proposal.digest };',
      },
      { file: "adapters/featbit/apply-plan.ts", find: "if (moved.length > 0) {", put: "if (false) {" },
    ],
    caughtBy: "flag moves between card and click",
    says: /^I5: it was written over a revision that nobody approved/,
  },
  {
    name: "acknowledged before it is kept",
    breaks: "I1",
    patches: [
      {
        file: "adapters/http/take-delivery.ts",
        find: "  let outcome: Awaited",
        put: "  accepted(response, JSON.stringify({ correlationId }));\n  let outcome: Awaited",
      },
      {
        file: "adapters/http/take-delivery.ts",
        find: "function accepted(response: ServerResponse, text: string): void {",
        put: "function accepted(response: ServerResponse, text: string): void {\n  if (response.headersSent) return;",
      },
    ],
    caughtBy: "killed before a delivery is kept",
    says: /^I1: a delivery was acknowledged that the database does not hold/,
  },
  {
    name: "no sweeper",
    breaks: "I1, I10",
    patches: [
      {
        file: "pipeline/sweeper.ts",
        find: "return repeat(sweep, everyMs,",
        put: "return repeat(async () => void sweep, everyMs,",
      },
    ],
    caughtBy: "killed before anybody is rung",
    says: /^I1: nobody takes in a delivery that was acknowledged/,
  },
  {
    name: "redelivery not recognised",
    breaks: "I2",
    patches: [
      {
        file: "adapters/http/take-delivery.ts",
        find: "deliveryKey: deliveryKeyOf(source, request, body),",
        put: "deliveryKey: (void deliveryKeyOf, null),",
      },
    ],
    caughtBy: "the same delivery three times at once, and once more",
    says: /^I2: one delivery that came 4 times has 4 rows/,
  },
  {
    name: "label not escaped",
    breaks: "T5",
    patches: [
      {
        file: "adapters/slack/escape-text.ts",
        find: "const escaped = escape(plain(text, limit));",
        put: "const escaped = plain(text, limit);",
      },
    ],
    caughtBy: "hostile words in an alert",
    says: /^T5: words of an alert are live in Slack/,
  },
  {
    name: "write sent again when its answer is lost",
    breaks: "I3",
    patches: [
      {
        file: "adapters/featbit/apply-plan.ts",
        find: "    if (isCertainlyNotWritten(revision)) {",
        put:
          "    await sleep(500);\n" +
          "    const again = await outcomeOf(() => client.put(write.path, write.body, write.answer, write.needs));\n" +
          "    if (!(again instanceof OpsError)) return afterWrite(client, plan, operationId, again, settings);\n" +
          "    if (isCertainlyNotWritten(revision)) {",
      },
    ],
    caughtBy: "answer to the write is lost, and a person turns the flag back",
    says: /^I3: CHG-\S+ took effect 2 times/,
  },
  {
    name: "lease not looked at before the write",
    breaks: "I3",
    patches: [
      {
        file: "pipeline/execute.ts",
        find: "stillOurs: () => deps.store.work.renew(item, deps.leaseMs),",
        put: "stillOurs: async () => true,",
      },
    ],
    caughtBy: "stopped for longer than the lease just before the write",
    says: /^I3: CHG-\S+ took effect 2 times/,
  },
  {
    name: "write without its entry in the ledger",
    breaks: "I4, T18",
    patches: [
      {
        file: "pipeline/execute.ts",
        find: "    ...(started ? {} : { finish: item }),\n  });",
        put: '    ...(started ? {} : { finish: item }),\n  }).catch(() => ({ kind: "committed" as const }));',
      },
    ],
    caughtBy: "ledger cannot be written when the write is due",
    says: /^T18: it was written although the ledger could not say so before/,
  },
  {
    name: "no compare-and-set at the decision",
    breaks: "T12",
    patches: [
      {
        file: "adapters/postgres/append.ts",
        find: 'if ((head?.version ?? 0) !== write.expectedVersion) return "stale";',
        put: "write = { ...write, expectedVersion: head?.version ?? 0 };",
      },
    ],
    caughtBy: "fifty votes at once on two replicas",
    says: /^T12: of 50 votes at once \d+ counted/,
  },
  {
    name: "reverse not computed from the snapshot",
    breaks: "I8",
    patches: [
      {
        file: "domain/flag/call.ts",
        find: "targeting: targetingOf(before) };",
        put: "targeting: { ...targetingOf(before), fallthrough: { ...before.fallthrough, variations: before.fallthrough.variations.slice(-1).map((one) => ({ ...one, rollout: [0, 1] })) } } };",
      },
    ],
    caughtBy: "a rollout is undone to what it was",
    says: /^I8: undone, .* became /,
  },
  {
    name: "recovered on no data",
    breaks: "T-row of telemetry",
    patches: [
      {
        file: "domain/verification.ts",
        find: 'return { verdict: "no_data", reason: "There',
        put: 'return { verdict: "recovered", reason: "There',
      },
    ],
    caughtBy: "telemetry goes silent before the verdict",
    says: /^the verdict on no data at all is "recovered/,
  },
  {
    name: "posted card not recorded",
    breaks: "I6",
    patches: [
      {
        file: "adapters/slack/announcer.ts",
        find: "    await postings.record(posting);",
        put: "    void postings;",
      },
    ],
    caughtBy: "the same delivery three times at once, and once more",
    says: /^I2: one alert has \d+ cards/,
  },
  {
    name: "hash chain not linked",
    breaks: "I7",
    patches: [
      {
        file: "adapters/postgres/append.ts",
        find: "head?.head_hash ?? firstPrevHash",
        put: "(void head, firstPrevHash)",
      },
    ],
    caughtBy: "a rollout is undone to what it was",
    says: /^I7: audit verify ended with 1/,
  },
  {
    name: "credentials not redacted",
    breaks: "I9",
    patches: [
      {
        file: "domain/evidence/outside-text.ts",
        find: "plainText(redact(visibleText(text)), limit)",
        put: "plainText((void redact, visibleText(text)), limit)",
      },
    ],
    caughtBy: "resolved comes before firing",
    says: /^I9/,
  },
  {
    name: "time of the process in place of the database's",
    breaks: "T20",
    patches: [
      { file: "adapters/postgres/store.ts", find: "toInstant(rows[0].now)", put: "toInstant(new Date())" },
    ],
    caughtBy: "clock ten minutes ahead",
    says: /^T20: \S+ of \S+ happened at /,
  },
  {
    name: "joiner starts a server of its own",
    breaks: "I1",
    patches: [
      {
        file: "adapters/postgres/embedded/embedded-postgres.ts",
        find: "  const home = await serverHome(options.dataFolder, tell);",
        put:
          '  const own = process.cwd().endsWith("process-0") ? "" : "-of-its-own";\n' +
          "  const home = await serverHome(options.dataFolder + own, tell);",
      },
    ],
    caughtBy: "a second process on one data folder",
    says: /^I1: what the second of two processes acknowledged is not in their database/,
  },
];

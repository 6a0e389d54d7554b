import { actionIdsOf } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { checkoutFlag } from "../../../src/sandbox/services/checkout.ts";
import type { Fault } from "./armed-faults.ts";
import { type Between, betweenOf, mendAll, putBetween } from "./between.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import type { Lane } from "./lane.ts";
import { nextAlert, peopleOf } from "./round.ts";
import type { SentAlert } from "./sender.ts";
import type { LaneKind, Trial } from "./trial.ts";

export const flagKey = checkoutFlag.key;

export type Dependency = keyof Between;

/**
 * A lane with a proxy before every system. Slack is asked anew at each click who somebody is, or what was heard a
 * moment ago would hide that it cannot be asked; what waits for an answer waits for two seconds.
 */
export const betweenAll: LaneKind = {
  name: "a proxy before every system",
  point: putBetween,
  patches: [
    {
      file: "pipeline/people/check-permission.ts",
      find: "const identityMaxAgeMs = 60_000;",
      put: "const identityMaxAgeMs = 0;",
    },
    { file: "adapters/slack/watch-socket.ts", find: "helloWithinMs = 10_000", put: "helloWithinMs = 2_000" },
    { file: "adapters/slack/slack.ts", find: "        timeout: 10_000,", put: "        timeout: 2_000," },
    { file: "adapters/queue/redis-backend.ts", find: "socketTimeout: 5_000", put: "socketTimeout: 2_000" },
    { file: "adapters/queue/redis-backend.ts", find: "socketTimeout: 15_000", put: "socketTimeout: 6_500" },
    { file: "adapters/slack/web-client.ts", find: "timeoutMs = 10_000", put: "timeoutMs = 2_000" },
    {
      file: "adapters/featbit/rest-client.ts",
      find: "options.timeoutMs ?? 10_000",
      put: "options.timeoutMs ?? 2_000",
    },
  ],
};

/** What a trial needs beside its lane. */
export interface Scene {
  proxy: FaultProxy;
  between: Between;
  /** How many faults of this trial have struck there. */
  struck: () => number;
  /** What people do about the alert of this trial. */
  people: ReturnType<typeof peopleOf>;
  /** Sends the alert until it is taken. */
  fire: () => Promise<SentAlert>;
  /** Sends the alert once, whatever comes of it. */
  attempt: () => Promise<SentAlert>;
  /** The alert is over, and what is still to be decided is rejected: the next trial finds the flag free. */
  putAway: () => Promise<void>;
  /** How often has Signalman said that it will try something of this stage again? */
  retries: (stage: string) => number;
  /** Effective changes of the flag since the trial began. */
  mutations: () => number;
}

export interface OutsideOptions extends Partial<Pick<Trial, "lane" | "stores" | "times">> {
  /** Being slow is the fault that is tried. */
  slow?: boolean;
}

const patienceMs = 25_000;

/** A trial of one fault of one system. It counts what struck there, and must have struck at least once. */
export function outside(
  system: Dependency,
  name: string,
  run: (lane: Lane, scene: Scene) => Promise<void>,
  { lane: kind = betweenAll, slow = false, ...more }: OutsideOptions = {},
): Trial {
  return {
    name,
    kind: "outside fault",
    stores: ["embedded"],
    lane: kind,
    ...(fullOnly.has(name) && { times: { quick: 0, full: 5 } }),
    ...more,
    async run(lane) {
      const between = betweenOf(lane);
      const proxy = between[system];
      if (proxy === null) throw new Error(`there is no ${system} in this lane`);
      const struckBefore = proxy.struck.length;
      const alert = nextAlert(lane);
      const people = peopleOf(lane, alert, patienceMs);
      const before = lane.play.mutationsOf(flagKey).length;
      const scene: Scene = {
        proxy,
        between,
        struck: () => proxy.struck.length - struckBefore,
        people,
        attempt: () => lane.sender.attempt(alert),
        fire: () => lane.sender.send(alert),
        async putAway() {
          const card = people.card();
          if (card !== undefined && actionIdsOf(card).includes("reject")) {
            await people.told("ruth", "reject", { rationale: "The trial is over." });
            await people.cardSaying("*Rejected*");
          }
          await lane.sender.send(alert, "resolved");
          await people.cardSaying(/^Critical, resolved/);
        },
        retries: (stage) =>
          lane
            .log()
            .split("\n")
            .filter((line) => line.includes("Will be tried again") && line.includes(`"stage":"${stage}"`))
            .length,
        mutations: () => lane.play.mutationsOf(flagKey).length - before,
      };
      try {
        await run(lane, scene);
      } finally {
        await mendAll(lane);
        const struck = proxy.struck.slice(struckBefore);
        for (const { kind: does, after, what } of struck)
          lane.note(`${system}: ${does}${after ? " after the effect" : ""} at ${what}`);
      }
      // What was only made slow, so that something else could be timed, is no fault here.
      const struck = proxy.struck
        .slice(struckBefore)
        .filter(({ kind: does }) => does !== "slow" || slow).length;
      if (struck === 0) throw new Error(`${name}: the fault has not struck`);
      return struck;
    },
  };
}

/** Left to the full campaign: each has a near relation in the quick one. */
const fullOnly: ReadonlySet<string> = new Set([
  "FeatBit read · no JSON",
  "FeatBit read · truncated answer",
  "PostgreSQL · half-closed",
  "PostgreSQL · truncated answer",
  "Redis · half-closed",
  "Redis · truncated answer",
  "Slack identity · 429",
  "Slack identity · garbage",
  "Slack identity · truncated answer",
  "Slack post · half-closed",
  "Slack post · truncated answer",
  "Slack update · garbage",
  "Slack update · no answer",
  "Slack update · ok: false",
  "Slack update · 5xx three times",
  "model · 429 for longer",
  "model · 5xx",
  "model · no JSON",
  "telemetry at the verdict · 5xx",
  "telemetry at the verdict · garbage",
  "telemetry at the verdict · no answer",
  "telemetry at the verdict · reset",
  "telemetry at the verdict · truncated answer",
]);

/** Throws what was expected and what was seen instead. */
export function expectThat(holds: boolean, expected: string, seen: unknown = ""): void {
  if (!holds) throw new Error(`expected that ${expected}; seen: ${String(seen)}`);
}

export const rationale = { rationale: "The errors began with it." };

/** The applied change is rolled back and the alert is over. */
export async function wholeRound({ people, putAway }: Scene): Promise<void> {
  await people.rolledBackBy("maya");
  await people.approvedBy("pavel");
  await putAway();
}

/** What answers badly, by the names that trials have. */
export const answers = {
  "500": { kind: "answer", status: 500, body: "{}" },
  "503": { kind: "answer", status: 503, body: "{}" },
  "429": { kind: "answer", status: 429, headers: { "retry-after": "1" }, body: "{}" },
  garbage: {
    kind: "answer",
    status: 200,
    headers: { "content-type": "text/html" },
    body: "<html>Sign in</html>",
  },
  "ok: false": { kind: "answer", status: 200, body: '{"ok":false,"error":"internal_error"}' },
  "no JSON": { kind: "answer", status: 200, body: '{"ok": tr' },
} as const satisfies Record<string, Fault>;

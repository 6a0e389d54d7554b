import { createConsole } from "../../../src/adapters/console/console.ts";
import { plotSvg } from "../../../src/adapters/plot/plot-svg.ts";
import { changeId, decisions, incidentId, propose } from "../../support/change-fixtures.ts";
import { deliveryId, fakeConsoleReads } from "../../support/fake-console-reads.ts";
import { investigated, type Wording } from "../../support/story.ts";

export const token = "a-token-of-the-console";

/** A console on a free port that shows one incident with a change. `clock` is its time, in milliseconds. */
export async function openConsole(
  options: { words?: Wording; text?: string; publicUrl?: string; host?: string } = {},
) {
  const story = investigated(options.words);
  story.change(propose(decisions.queue()));
  const view = { ...story.view(), service: null };
  const reads = fakeConsoleReads(() => view, options.text);
  const clock = { ms: 1000 };
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const running = await createConsole({
    host: options.host ?? "127.0.0.1",
    port: 0,
    token,
    publicUrl: options.publicUrl ?? null,
    reads,
    drawPlot: plotSvg,
    log: { debug: write, info: write, warn: write, error: write },
    now: () => clock.ms,
  });
  const origin = `http://127.0.0.1:${running.port}`;

  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${origin}${path}`, { redirect: "manual", ...init });
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    ask(path, { method: "POST", body: new URLSearchParams(form), headers });

  return {
    origin,
    url: running.url,
    reads,
    clock,
    log: () => lines.join("\n"),
    ask,
    post,
    /** Shows the token, and gives the cookie that comes back. */
    async signIn(): Promise<string> {
      const answer = await post("/console/sign-in", { token });
      const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
      return cookie;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Every page and picture there is. */
export const places = [
  "/console/incidents",
  "/console/incidents?state=open&service=checkout",
  `/console/incidents/${incidentId}`,
  `/console/incidents/${incidentId}/plot.svg`,
  "/console/changes",
  "/console/changes?state=open",
  `/console/changes/${changeId}`,
  `/console/ledger/incident/${incidentId}`,
  `/console/ledger/change/${changeId}?from=2`,
  "/console/queues",
  "/console/quarantine",
  "/console/quarantine?source=tickets",
  `/console/quarantine/${deliveryId}`,
  "/console/modes",
];

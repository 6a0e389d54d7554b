import { UsageError } from "../../command.ts";
import { Source } from "../../domain/source.ts";

/** One thing that `signalman init` has to know: a flag of the same name answers it. */
export interface Question {
  flag: string;
  ask: string;
  /** Undefined: it must be answered. */
  fallback?: string;
}

export const questions = [
  { flag: "slack-channel", ask: "Slack channel for incidents, its id such as C0123ABCD" },
  {
    flag: "ops-channel",
    ask: "Slack channel for what Signalman says about itself; empty: the same",
    fallback: "",
  },
  { flag: "featbit-api", ask: "FeatBit's API server, such as http://featbit:5000" },
  { flag: "featbit-streaming", ask: "FeatBit's evaluation server, such as ws://featbit:5100" },
  { flag: "featbit-events", ask: "Where evaluations are reported; empty: the same server", fallback: "" },
  { flag: "featbit-console", ask: "FeatBit's web page, for links; empty: none", fallback: "" },
  { flag: "project", ask: "Key of the FeatBit project with the flags" },
  {
    flag: "environments",
    ask: "Keys of its environments with commas; label=key where alerts call one otherwise",
    fallback: "production",
  },
  { flag: "service", ask: "Name of the first service" },
  { flag: "owner", ask: "Who owns it", fallback: "platform team" },
  { flag: "flags", ask: "Keys of the flags that may be changed for it, with commas" },
  { flag: "sources", ask: "What sends alerts, with commas", fallback: "alertmanager" },
  { flag: "prometheus", ask: "Base address of Prometheus; empty: no metrics", fallback: "" },
  { flag: "model", ask: "Name of the model that drafts; empty: rules draft", fallback: "" },
  { flag: "model-url", ask: "Its OpenAI-compatible server; empty: OpenAI", fallback: "" },
  { flag: "host", ask: "Address to take webhooks in at", fallback: "127.0.0.1" },
  { flag: "port", ask: "Its port", fallback: "8484" },
  { flag: "data-folder", ask: "Folder for the database that came along", fallback: "./data" },
  { flag: "slack-api", ask: "Another Web API than Slack's own; empty: Slack", fallback: "" },
] as const satisfies readonly Question[];

export type Flag = (typeof questions)[number]["flag"];

/** All answers, and queries, which are only taken as flags. */
export interface Answers extends Record<Flag, string> {
  queries: readonly { id: string; promql: string }[];
}

/** Kinds of sources whose secret is all that they need. */
export const sourceKinds = Source.options
  .map(({ shape }) => shape.kind.value)
  .filter((kind) => kind !== "cloudwatch");

/** Parts of a list with commas. */
export function partsOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Environments as `label → key`. */
export function environmentsOf(text: string): [label: string, key: string][] {
  return partsOf(text).map((part): [string, string] => {
    const [label = "", key = label] = part.split("=");
    return [label, key];
  });
}

/** `error_ratio=sum(rate(…))`. Throws `UsageError`. */
export function queryOf(text: string): { id: string; promql: string } {
  const [, id, promql] = /^([a-z0-9_-]{1,64})=(.+)$/s.exec(text) ?? [];
  if (id !== undefined && promql !== undefined) return { id, promql };
  throw new UsageError(`--query takes a name and a PromQL query, such as error_ratio=sum(…), not "${text}".`);
}

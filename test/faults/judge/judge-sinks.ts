import { type Finding, type Records, unexplained } from "./records.ts";

/** I9: the credential that stood in every alert is in none of the places that others read. */
export function judgeSinks({ messages, events, bodies, logs, mutations, secret }: Records): Finding[] {
  const sinks: Record<string, () => boolean> = {
    Slack: () => messages.some(({ message }) => JSON.stringify(message).includes(secret)),
    "the ledger": () => events.some(({ data }) => JSON.stringify(data).includes(secret)),
    "the kept texts": () => bodies.some((text) => text.includes(secret)),
    "the logs": () => logs.includes(secret),
    FeatBit: () => mutations.some(({ comment }) => comment.includes(secret)),
  };
  return Object.entries(sinks).flatMap(([sink, has]): Finding[] =>
    has() ? [unexplained("I9", `a credential of an alert stands in ${sink}`)] : [],
  );
}

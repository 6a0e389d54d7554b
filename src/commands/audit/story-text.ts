import { splitStream } from "../../domain/ledger/stream.ts";
import { tellRemoved } from "../../domain/story/tell-removed.ts";
import { toldText } from "../../domain/story/told.ts";
import type { Story } from "../../domain/story/story.ts";

export function storyText({ id, streams, entries, fault, coverage, removed }: Story): string {
  const several = streams.length > 1;
  const told = entries.map((entry) => {
    const { what, who, lines } = tellRemoved(entry, removed);
    const { id: subject } = splitStream(entry.stream);
    return toldText(entry.at, { what, who, lines: several && subject !== id ? [subject, ...lines] : lines });
  });
  const count = `${entries.length} ${entries.length === 1 ? "entry" : "entries"}`;
  const chains = several ? `${streams.length} hash chains` : "hash chain";
  const state =
    fault === null
      ? `${chains} intact`
      : `BROKEN at ${fault.stream}, version ${fault.version}: ${fault.reason}`;
  return [`${id}: ${count}, ${state}`, coverageText(coverage), "", ...told, ""].join("\n");
}

function coverageText(coverage: Story["coverage"]): string {
  if (coverage === null) return "the newest of it has no position yet";
  const { from, to, checkpoint } = coverage;
  const where = from === to ? `position ${from}` : `positions ${from} to ${to}`;
  return checkpoint === null
    ? `${where}, the newest not covered by a checkpoint yet`
    : `${where}, covered by the checkpoint of ${checkpoint} entries`;
}

import { type Finding, type Records, unexplained } from "./records.ts";

/** I7, without `audit verify`, which reads the chain: every event has its place, once, and its stream has no gap. */
export function judgeLedger({ events }: Records): Finding[] {
  const positions = events.map(({ position }) => position).toSorted((a, b) => Number(a) - Number(b));
  const misplaced = positions.findIndex((position, index) => position !== index);
  const streams = Map.groupBy(events, ({ stream }) => stream);
  return [
    ...(misplaced === -1
      ? []
      : [unexplained("I7", `position ${misplaced} of the ledger is missing or taken twice`)]),
    ...[...streams].flatMap(([stream, own]) => {
      const versions = own.map(({ version }) => version).toSorted((a, b) => a - b);
      return versions.every((version, index) => version === index + 1)
        ? []
        : [unexplained("I7", `${stream} has the versions ${versions.join()}`)];
    }),
  ];
}

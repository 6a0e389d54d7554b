import { until } from "../../support/until.ts";
import type { Lane } from "./lane.ts";

const withinMs = 45_000;
/** What is due within this is waited for too: a verdict, or a second try. */
const soonMs = 2_500;

/**
 * Waits until Signalman has nothing to do: all deliveries taken in, no work held or due, every event in its place.
 * Work that waits for a later time, such as the end of an approval, may stay.
 */
export async function drain(lane: Lane): Promise<void> {
  await lane.ready();
  let left = "";
  await lane.withPool((pool) =>
    until(
      "Signalman to come to rest",
      async () => {
        const { rows } = await pool.query<{ what: string }>(
          `select 'delivery ' || id as what from signalman.inbox where outcome is null
           union all select stage || ' ' || subject || ' (' || status || ', due ' || due_at || ')' from signalman.outbox
             where status = 'held' or (status = 'waiting' and due_at < now() + $1 * interval '1 ms')
           union all select 'event ' || stream || '/' || version from signalman.events where position is null`,
          [soonMs],
        );
        left = rows.map(({ what }) => what).join("; ");
        return rows.length === 0;
      },
      { timeoutMs: withinMs, everyMs: 100, seen: () => `Left: ${left.slice(0, 1500)}` },
    ),
  );
}

/**
 * Milliseconds on the machine's monotonic clock. It is one clock for all processes of a machine, so that an instant
 * taken by the load generator can be held against one taken by the stand-in of Slack.
 */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";
import { z } from "zod";
import { nowMs } from "./clock.ts";

/** A request as it came in at a server of this process. */
export const Arrival = z.object({
  /** On the clock of `nowMs`, when its head had been read. */
  atMs: z.number(),
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  /** A character a byte. */
  body: z.string(),
});
export type Arrival = z.infer<typeof Arrival>;

const Started = z.object({ request: z.instanceof(IncomingMessage) });

/**
 * Writes down every request to any server of this process, before that server has done a thing about it: a record that
 * is none of the stand-ins' own making, and one for all of them.
 */
export function recordArrivals(): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  subscribe("http.server.request.start", (message) => {
    const { request } = Started.parse(message);
    const { method = "", headers, url = "" } = request;
    const arrival: Arrival = {
      atMs: nowMs(),
      method,
      url: `http://${headers.host ?? ""}${url}`,
      headers: Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) =>
          typeof value === "string" ? [[name, value]] : [],
        ),
      ),
      body: "",
    };
    arrivals.push(arrival);
    // Whoever answers reads the stream itself; what passes into it is seen on the way.
    const push = request.push.bind(request);
    request.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (Buffer.isBuffer(chunk)) arrival.body += chunk.toString("latin1");
      return push(chunk, encoding);
    };
  });
  return arrivals;
}

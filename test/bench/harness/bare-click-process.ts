import { randomUUID } from "node:crypto";
import { Agent, request as startRequest } from "node:http";
import { Pool } from "pg";
import type { Arrival } from "./arrivals.ts";
import { openBareClick, repeatCalls } from "./bare-click.ts";
import { isWrite } from "./click-calls.ts";
import { answering, servePart } from "./part.ts";

const stack = new AsyncDisposableStack();
const agent = new Agent({ keepAlive: true });
let pool: Pool | null = null;

/** What a connection of its own sets for itself. */
const ownHeaders = new Set(["host", "connection", "content-length", "transfer-encoding"]);

function call({ method, url, headers, body }: Arrival): Promise<void> {
  const kept = Object.entries(headers).filter(([name]) => !ownHeaders.has(name));
  const bytes = Buffer.from(body, "latin1");
  return new Promise((resolve, reject) => {
    const request = startRequest(
      url,
      { method, agent, headers: { ...Object.fromEntries(kept), "content-length": bytes.length } },
      (response) => {
        response.resume().once("end", resolve).once("error", reject);
      },
    );
    request.once("error", reject).end(bytes);
  });
}

servePart(
  [
    answering(openBareClick, async (connection) => {
      const opened = new Pool({ ...connection, max: 1 });
      // The database may stop before this does.
      opened.on("error", () => undefined);
      stack.defer(() => opened.end());
      stack.defer(() => agent.destroy());
      await opened.query("create table bare_click (id uuid primary key, words text not null)");
      pool = opened;
      return null;
    }),
    answering(repeatCalls, async (calls) => {
      for (const each of calls) {
        if (isWrite(each))
          await pool?.query("insert into bare_click values ($1, $2)", [randomUUID(), each.body]);
        await call(each);
      }
      return null;
    }),
  ],
  stack,
);

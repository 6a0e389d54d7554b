import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { Pool } from "pg";
import { type BarePlan, openBareDoor } from "./bare-door.ts";
import { answering, servePart } from "./part.ts";

const stack = new AsyncDisposableStack();

/** As many rows a statement, and as many statements under way, as gave the highest rate. */
const mostRows = 100;
const mostInFlight = 3;

interface Row {
  body: Buffer;
  committed: () => void;
}

/**
 * What cannot be done without: read the body, check its signature, one durable insert, 202. No library but the
 * database's, nothing of Signalman.
 */
async function open(plan: BarePlan): Promise<{ url: string }> {
  const pool = new Pool({ ...plan.connection, max: 10 });
  stack.defer(() => pool.end());
  await pool.query(
    "create table bare_inbox (id uuid primary key, source_id text not null, body bytea not null)",
  );
  const insert = plan.grouped ? groupedInsert(pool) : singleInsert(pool);

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const shown = Buffer.from(String(request.headers["x-signalman-signature"]).slice(7), "hex");
      const mac = createHmac("sha256", plan.secret).update(body).digest();
      if (shown.length !== mac.length || !timingSafeEqual(shown, mac)) {
        response.writeHead(401, { "content-length": 0 }).end();
        return;
      }
      insert({
        body,
        committed: () => {
          const text = `{"correlationId":"${randomUUID()}"}`;
          response
            .writeHead(202, { "content-type": "application/json", "content-length": text.length })
            .end(text);
          if (plan.slack !== null) void tellSlack(plan.slack, body);
        },
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => server.closeAllConnections());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return { url: `http://127.0.0.1:${address.port}` };
}

function singleInsert(pool: Pool): (row: Row) => void {
  return ({ body, committed }) => {
    const values = [randomUUID(), "bench", body];
    void pool
      .query("insert into bare_inbox (id, source_id, body) values ($1, $2, $3)", values)
      .then(committed);
  };
}

/** The rows of one tick share one statement and one commit. */
function groupedInsert(pool: Pool): (row: Row) => void {
  const waiting: Row[] = [];
  let inFlight = 0;
  let scheduled = false;
  const flush = (): void => {
    scheduled = false;
    while (inFlight < mostInFlight && waiting.length > 0) {
      const batch = waiting.splice(0, mostRows);
      inFlight += 1;
      void write(batch);
    }
  };
  const write = async (batch: readonly Row[]): Promise<void> => {
    const places = batch.map((_, at) => `($${3 * at + 1}, $${3 * at + 2}, $${3 * at + 3})`).join(", ");
    const values = batch.flatMap(({ body }) => [randomUUID(), "bench", body]);
    await pool.query(`insert into bare_inbox (id, source_id, body) values ${places}`, values);
    inFlight -= 1;
    for (const { committed } of batch) committed();
    schedule();
  };
  const schedule = (): void => {
    if (scheduled || inFlight >= mostInFlight || waiting.length === 0) return;
    scheduled = true;
    setImmediate(flush);
  };
  return (row) => {
    waiting.push(row);
    schedule();
  };
}

async function tellSlack(
  { apiUrl, botToken, channels }: NonNullable<BarePlan["slack"]>,
  body: Buffer,
): Promise<void> {
  const id = /"fingerprint":"([^"]*)"/.exec(body.toString("latin1"))?.[1] ?? "";
  const channel = channels[Number(id.split("-").at(-1)) % channels.length] ?? channels[0];
  const response = await fetch(`${apiUrl}chat.postMessage`, {
    method: "POST",
    headers: { authorization: `Bearer ${botToken}`, "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify({ channel, text: `Alert ${id} fires` }),
  });
  await response.text();
}

servePart([answering(openBareDoor, open)], stack);

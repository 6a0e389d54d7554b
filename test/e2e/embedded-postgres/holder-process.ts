// A Signalman reduced to its database: opens the embedded server, answers one line per line, ends on "end".
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "pg";
import { createEmbeddedPostgres } from "../../../src/adapters/postgres/embedded/embedded-postgres.ts";

const [, , dataFolder = "", binaries] = process.argv;
const say = (answer: object) => void process.stdout.write(`${JSON.stringify(answer)}\n`);
const logged: string[] = [];

try {
  await using database = await createEmbeddedPostgres({
    dataFolder,
    log: (line) => logged.push(line),
    ...(binaries !== undefined && { binaries }),
  });
  const pool = new Pool({ ...database.connection, max: 2 });
  pool.on("error", () => undefined);
  say({ startedByUs: database.startedByUs, host: database.connection.host, notice: database.notice ?? "" });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "end") break;
    if (line === "state") say({ startedByUs: database.startedByUs, logged });
    else say({ rows: await ask(pool, line) });
  }
  await pool.end();
} catch (error) {
  say({ failed: String(error) });
  process.exitCode = 1;
}
process.exit();

/** Asks until the database answers: what the stage runner does with a retryable failure. */
async function ask(pool: Pool, sql: string): Promise<unknown[]> {
  for (let tries = 0; ; tries++) {
    try {
      return (await pool.query<object>(sql)).rows;
    } catch (error) {
      if (tries === 200) throw error;
      await delay(25);
    }
  }
}

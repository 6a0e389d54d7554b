import { createServer } from "node:http";
import { Pool } from "pg";

/** The least that could be running on a database: it has asked it something, and then it listens. */
const pool = new Pool({ connectionString: process.env["DATABASE_URL"] ?? "", max: 1 });
pool.on("error", () => undefined);
await pool.query("select 1");
const server = createServer((_request, response) => response.end());
server.listen(Number(process.env["PORT"]), "127.0.0.1");
process.once("SIGTERM", () => process.exit(0));

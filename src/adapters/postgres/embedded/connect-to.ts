import { readFile } from "node:fs/promises";
import { Client, DatabaseError, type PoolConfig } from "pg";
import { OpsError } from "../../../domain/ops-error.ts";
import { databaseUser, passwordFile } from "./init-data.ts";
import type { Postmaster } from "./postmaster.ts";
import type { ServerHome } from "./server-home.ts";

export type Answer = { kind: "connected"; client: Client } | { kind: "not_yet"; reason: string };

/** How to reach the running server; every setting is given, so that no PG… variable of the environment counts. */
export async function connectionOf(home: ServerHome, server: Postmaster): Promise<PoolConfig> {
  const password = await readFile(passwordFile(home), "utf8").catch(() => "");
  const overTcp = server.socket === "";
  return {
    host: overTcp ? "127.0.0.1" : server.socket,
    port: server.port,
    user: databaseUser,
    database: "postgres",
    password,
    ssl: false,
  };
}

/** One try. A server that is starting or stopping says so (57P03): that is `not_yet`, not a failure. */
export async function connectTo(home: ServerHome, server: Postmaster): Promise<Answer> {
  const client = new Client({
    ...(await connectionOf(home, server)),
    connectionTimeoutMillis: 5_000,
    application_name: "signalman-watch",
  });
  client.on("error", () => undefined); // always followed by `end`, which is what is watched
  try {
    await client.connect();
    return { kind: "connected", client };
  } catch (cause) {
    const code = cause instanceof DatabaseError ? cause.code : undefined;
    if (code?.startsWith("28")) {
      throw new OpsError(
        "misconfigured",
        `The embedded PostgreSQL in ${home.folder} refuses this account. Start Signalman as the user it was first started as.`,
        { cause },
      );
    }
    return { kind: "not_yet", reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

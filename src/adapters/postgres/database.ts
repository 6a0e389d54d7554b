import { DatabaseError, type Pool, type QueryResult, type QueryResultRow } from "pg";
import { toOpsError } from "./to-ops-error.ts";

export interface Queryable {
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
}

/** The pool, with failures of the database as `OpsError`. */
export interface Database extends Queryable {
  /** Commits what `run` did, or rolls back: when it throws, and when it returns `rollback`. */
  transaction<Result>(run: (client: Queryable) => Promise<Outcome<Result>>): Promise<Result>;
}

export type Outcome<Result> = { keep: boolean; result: Result };

const mostTries = 5;

export function databaseOn(pool: Pool): Database {
  async function once<Result>(run: (client: Queryable) => Promise<Outcome<Result>>): Promise<Result> {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query("begin");
      const { keep, result } = await run({
        query: (sql, values) => client.query(sql, values && [...values]),
      });
      await client.query(keep ? "commit" : "rollback");
      return result;
    } catch (error) {
      await client.query("rollback").catch((cause: unknown) => {
        broken = cause instanceof Error ? cause : new Error(String(cause));
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  return {
    async query(sql, values) {
      try {
        return await pool.query(sql, values && [...values]);
      } catch (error) {
        throw toOpsError(error);
      }
    },
    async transaction(run) {
      for (let tries = 1; ; tries++) {
        try {
          return await once(run);
        } catch (error) {
          if (isCollision(error) && tries < mostTries) continue;
          throw toOpsError(error);
        }
      }
    },
  };
}

/** Deadlock or serialization failure: PostgreSQL asks for the whole transaction again. */
function isCollision(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === "40P01" || error.code === "40001");
}

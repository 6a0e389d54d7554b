import { DatabaseError } from "pg";
import { OpsError, type OpsErrorCode } from "../../domain/ops-error.ts";

/** SQLSTATE classes and codes (PostgreSQL manual, appendix A) that say the database, not our statement, failed. */
const codes: readonly [prefix: string, code: OpsErrorCode][] = [
  ["08", "unreachable"], // connection exception
  ["57P", "unreachable"], // shut down, crashed, starting up
  ["57014", "timeout"], // statement timeout
  ["55P03", "timeout"], // lock not available
  ["53", "server_error"], // disk full, out of memory, too many connections
  ["58", "server_error"], // I/O error
  ["25006", "server_error"], // read-only: a standby
  ["40", "server_error"], // serialization failure, deadlock
  ["28", "unauthorized"], // password refused
  ["3D", "misconfigured"], // no such database
  ["42501", "forbidden"],
];

/** What the driver threw, as one class. A statement of ours that is wrong stays what it is: a bug. */
export function toOpsError(error: unknown): unknown {
  if (error instanceof OpsError || !(error instanceof Error)) return error;
  if (error instanceof DatabaseError) {
    const code = codes.find(([prefix]) => error.code?.startsWith(prefix))?.[1];
    if (code === undefined) return error;
    return new OpsError(code, `PostgreSQL: ${error.message}${remedy(code)}`, { cause: error });
  }
  if (/timeout/i.test(error.message)) {
    return new OpsError("timeout", `PostgreSQL: ${error.message}`, { cause: error });
  }
  if (!isConnectionTrouble(error)) return error;
  return new OpsError("unreachable", `PostgreSQL cannot be reached: ${error.message}`, { cause: error });
}

/** A system error of the socket, or one of the sentences with which the driver says that it lost the server. */
function isConnectionTrouble(error: Error): boolean {
  if ("syscall" in error || "errno" in error) return true;
  return /connection|terminat|not queryable|after calling end/i.test(error.message);
}

function remedy(code: OpsErrorCode): string {
  const needsSettings: readonly OpsErrorCode[] = ["unauthorized", "misconfigured", "forbidden"];
  return needsSettings.includes(code) ? ". Check DATABASE_URL and the rights of its user." : "";
}

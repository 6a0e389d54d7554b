import { OpsError } from "../../domain/ops-error.ts";

interface Host {
  host: string;
  port: number;
}

interface Credentials {
  username: string | undefined;
  password: string | undefined;
  tls: boolean;
}

export type RedisAddress = Credentials &
  (
    | { kind: "single"; host: Host; database: number }
    | { kind: "sentinel"; hosts: Host[]; master: string; database: number }
    | { kind: "cluster"; hosts: Host[] }
  );

const pattern =
  /^(?<scheme>rediss?)(?:-(?<kind>cluster|sentinel))?:\/\/(?:(?<username>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<hosts>[^/@?#]+)(?:\/(?<rest>[^?#]*))?$/;

const forms =
  "redis://[user:password@]host[:port][/database], redis-cluster://[user:password@]host[:port],host[:port]… or " +
  "redis-sentinel://[user:password@]host[:port],host[:port]…/master[/database]; rediss for TLS";

/**
 * Reads `REDIS_URL`: one server, a cluster (any of its nodes), or the sentinels of a master. `redis` is plain, `rediss`
 * is TLS. Default ports 6379, sentinels 26379. User and password are those of the Redis servers, percent-encoded.
 * `OpsError` (`misconfigured`) for anything else; the URL itself is not repeated, as it may hold a password.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parts = pattern.exec(url)?.groups;
  const { scheme, kind, hosts: list = "", rest = "" } = parts ?? {};
  if (scheme === undefined) throw refused();
  const credentials: Credentials = {
    username: decoded(parts?.["username"]),
    password: decoded(parts?.["password"]),
    tls: scheme === "rediss",
  };
  const hosts = list.split(",").map((each) => hostOf(each, kind === "sentinel" ? 26_379 : 6_379));
  if (kind === "cluster") {
    if (rest !== "" && rest !== "0") throw refused("a cluster has only database 0");
    return { ...credentials, kind, hosts };
  }
  if (kind === "sentinel") {
    const [master = "", database] = rest.split("/");
    if (master === "") throw refused("the name of the master is missing");
    return { ...credentials, kind, hosts, master, database: databaseOf(database) };
  }
  const [host, second] = hosts;
  if (host === undefined || second !== undefined) throw refused("more than one host");
  return { ...credentials, kind: "single", host, database: databaseOf(rest) };
}

function hostOf(text: string, defaultPort: number): Host {
  const found = /^(?:\[(?<v6>[0-9a-fA-F:]+)\]|(?<name>[^:[\]\s]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups;
  const host = found?.["v6"] ?? found?.["name"];
  const port = Number(found?.["port"] ?? defaultPort);
  if (host === undefined || port < 1 || port > 65_535) throw refused("a host is not of the form host[:port]");
  return { host, port };
}

function databaseOf(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (!/^\d{1,4}$/.test(text)) throw refused("the database is not a number");
  return Number(text);
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused("user or password is not percent-encoded");
  }
}

function refused(detail?: string): OpsError {
  const why = detail === undefined ? "" : ` (${detail})`;
  return new OpsError("misconfigured", `REDIS_URL has an unknown form${why}. Use ${forms}.`);
}

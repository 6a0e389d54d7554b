import type { BodyRule, Call } from "./call.ts";
import type { Reply } from "./envelope.ts";
import { isGuid } from "./guid.ts";
import type { Subject } from "./iam.ts";

/**
 * Who may come in.
 * `iam`: the action on what the path names. `any`: every valid token. `people`: no access token, empty 403.
 * `licensed`: a licence would be needed, 403 in the envelope.
 */
export type Access =
  { to: "anonymous" | "any" | "people" | "licensed" } | { to: "iam"; action: string; on: Subject };

export type Route = {
  method: string;
  /** `:name` takes one segment; those in {@link GUID_PARAMS} take a GUID only. */
  path: string;
  access: Access;
  body?: BodyRule;
  /** A check of the path values that the framework makes while binding. */
  check?: (call: Call) => void;
  handle: (call: Call) => Reply | Promise<Reply>;
};

const GUID_PARAMS = new Set(["envId", "projectId", "id"]);

export type Match =
  | { kind: "found"; route: Route; params: Map<string, string> }
  | { kind: "method"; allow: string }
  | { kind: "none" };

export function matchRoute(routes: readonly Route[], method: string, pathname: string): Match {
  const given = pathname.split("/");
  const matching = routes.flatMap((route) => {
    const params = matchPath(route.path, given);
    return params ? [{ route, params, literals: literalCount(route.path) }] : [];
  });
  if (matching.length === 0) return { kind: "none" };
  const best = matching
    .filter(({ route }) => route.method === method)
    .toSorted((a, b) => b.literals - a.literals)
    .at(0);
  if (best) return { kind: "found", route: best.route, params: best.params };
  const methods = [...new Set(matching.map(({ route }) => route.method))].toSorted();
  return { kind: "method", allow: methods.join(", ") };
}

const literalCount = (path: string): number => path.split("/").filter((part) => !part.startsWith(":")).length;

function matchPath(path: string, given: readonly string[]): Map<string, string> | undefined {
  const wanted = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params = new Map<string, string>();
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? "";
    if (!part.startsWith(":")) {
      if (part.toLowerCase() !== text.toLowerCase()) return undefined;
      continue;
    }
    const name = part.slice(1);
    if (text === "" || (GUID_PARAMS.has(name) && !isGuid(text))) return undefined;
    params.set(name, GUID_PARAMS.has(name) ? text.toLowerCase() : decode(text));
  }
  return params;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

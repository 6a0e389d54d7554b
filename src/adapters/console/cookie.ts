import type { IncomingMessage } from "node:http";
import { root } from "./places.ts";
import { sessionMs } from "./sessions.ts";

const name = "signalman_console";

/** The session that a request names; null: none. */
export function sessionOf({ headers }: IncomingMessage): string | null {
  for (const pair of (headers.cookie ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name && value !== undefined && value !== "") return value;
  }
  return null;
}

/** `id` null takes the cookie back. */
export function sessionCookie(id: string | null, isSecure: boolean): string {
  const lasts = id === null ? 0 : sessionMs / 1000;
  const parts = [`${name}=${id ?? ""}`, `Path=${root}`, `Max-Age=${lasts}`, "HttpOnly", "SameSite=Strict"];
  return [...parts, ...(isSecure ? ["Secure"] : [])].join("; ");
}

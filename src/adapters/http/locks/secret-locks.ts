import { unauthorizedBasic, unauthorizedBearer, unauthorizedHeader } from "../problem.ts";
import { type Lock, proven, refused } from "./lock.ts";
import { onlyHeader } from "./only-header.ts";
import { sameText } from "./same-text.ts";

/** `Authorization: Bearer <secret>` */
export function bearerLock(secret: string): Lock {
  const fits = sameText(secret);
  return (request) => {
    const value = onlyHeader(request, "authorization");
    const token = value === null ? null : (/^bearer ([^\s]+)$/i.exec(value)?.[1] ?? null);
    return fits(token) ? proven : refused(unauthorizedBearer);
  };
}

/** `Authorization: Basic <user:secret in base64>`. One notation only: a lenient decoder would take many for the same. */
export function basicLock(user: string, secret: string): Lock {
  const fits = sameText(Buffer.from(`${user}:${secret}`, "utf8").toString("base64"));
  const problem = unauthorizedBasic(user);
  return (request) => {
    const value = onlyHeader(request, "authorization");
    const token = value === null ? null : (/^basic ([^\s]+)$/i.exec(value)?.[1] ?? null);
    return fits(token) ? proven : refused(problem);
  };
}

/** `<header>: <secret>` */
export function headerLock(header: string, secret: string): Lock {
  const fits = sameText(secret);
  const problem = unauthorizedHeader(header);
  return (request) => (fits(onlyHeader(request, header)) ? proven : refused(problem));
}

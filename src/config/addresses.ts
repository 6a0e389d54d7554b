import { z } from "zod";
import type { Variables } from "./variables.ts";

/** Why a text is no address of one of these schemes, or null. Addresses are printed, so they hold no password. */
function addressFault(text: string, schemes: readonly string[]): string | null {
  const wanted = `an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return `must be ${wanted}`;
  }
  if (!schemes.includes(url.protocol.slice(0, -1)) || url.hostname === "") return `must be ${wanted}`;
  if (url.username !== "" || url.password !== "") {
    return "must not hold a user name or password; set those in their own variables";
  }
  if (url.search !== "" || url.hash !== "") return "must not have a query or fragment";
  return null;
}

/** A base address without a slash at its end. */
function addressOf(schemes: readonly string[]) {
  return z
    .string()
    .superRefine((text, context) => {
      const fault = addressFault(text, schemes);
      if (fault !== null) context.addIssue({ code: "custom", message: fault.replace(/^must be /, "") });
    })
    .transform(trimSlash);
}

export const HttpAddress = addressOf(["https", "http"]);
export const SocketAddress = addressOf(["wss", "ws", "https", "http"]);

function trimSlash(address: string): string {
  return address.replace(/\/+$/, "");
}

/** The variable's address where it is set, else the one of `signalman.yml`; "" after a finding. */
export function addressFrom(
  variables: Variables,
  name: string,
  fromFile: string | undefined,
  schemes: readonly string[] = ["https", "http"],
): string | undefined {
  const text = variables.text(name);
  if (text === undefined) return fromFile;
  const fault = addressFault(text, schemes);
  if (fault === null) return trimSlash(text);
  variables.findings.push(`${name} ${fault}.`);
  return "";
}

import { z } from "zod";
import { HttpAddress } from "./addresses.ts";
import type { Secret } from "./secret.ts";
import { Port } from "./server.ts";
import type { Variables } from "./variables.ts";

/** Where the read-only console is shown, once CONSOLE_TOKEN is set. Port 0 takes any free one. */
export const ConsoleSettings = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe("The address to listen on; 0.0.0.0 behind a reverse proxy that does TLS."),
    port: Port.default(8486).describe("The port; 0 takes any free one."),
    publicUrl: HttpAddress.refine(
      (address) => new URL(address).pathname === "/",
      "an address without a path, such as https://signalman.example; the console lies at /console below it",
    )
      .refine((address) => address.length <= 120, "at most 120 characters: it stands on every card")
      .optional()
      .describe("Where people reach it, without a path, for links on cards; without it cards have none."),
  })
  .prefault({});
export type ConsoleSettings = z.infer<typeof ConsoleSettings>;

export interface ConsoleConfig {
  token: Secret;
  host: string;
  port: number;
  publicUrl: string | null;
}

const shortestToken = 16;

/** Null: there is no console. */
export function readConsole(settings: ConsoleSettings, variables: Variables): ConsoleConfig | null {
  const token = variables.optionalSecret("CONSOLE_TOKEN");
  if (token === null) return null;
  if (token.reveal().length < shortestToken) {
    variables.findings.push(
      `CONSOLE_TOKEN is shorter than ${shortestToken} characters; make one with: openssl rand -hex 24`,
    );
  }
  const { host, port, publicUrl = null } = settings;
  return { token, host, port, publicUrl };
}

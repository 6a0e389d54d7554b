import { z } from "zod";

export const Port = z.int().min(0).max(65_535);

/** Where webhooks come in. Port 0 takes any free one. */
export const ServerSettings = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe(
        "The address webhooks are taken in at; 0.0.0.0 in a container or behind a proxy that does TLS.",
      ),
    port: Port.default(8484).describe("Its port; 0 takes any free one."),
  })
  .prefault({});
export type ServerSettings = z.infer<typeof ServerSettings>;

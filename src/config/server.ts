import { z } from "zod";

export const Port = z.int().min(0).max(65_535);

/** Where webhooks come in. Port 0 takes any free one. */
export const ServerSettings = z
  .strictObject({
    host: z.string().min(1).default("127.0.0.1"),
    port: Port.default(8484),
  })
  .prefault({});
export type ServerSettings = z.infer<typeof ServerSettings>;

import { z } from "zod";
import type { Call } from "./part.ts";

/** Opens a collector that takes whatever is sent by OTLP. */
export const openCollector: Call<null, { url: string }> = {
  name: "open the collector",
  input: z.null(),
  output: z.object({ url: z.string() }),
};

/** How many bytes of spans it took since it was last asked. */
export const bytesTaken: Call<null, { traces: number }> = {
  name: "bytes taken",
  input: z.null(),
  output: z.object({ traces: z.number() }),
};

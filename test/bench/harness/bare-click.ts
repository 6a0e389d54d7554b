import { z } from "zod";
import { Arrival } from "./arrivals.ts";
import type { Call } from "./part.ts";

const Connection = z.record(z.string(), z.unknown());

/** Makes ready: a connection to the database, and a table for one row a click. */
export const openBareClick: Call<z.infer<typeof Connection>, null> = {
  name: "openBareClick",
  input: Connection,
  output: z.null(),
};

/** Repeats calls one after the other over kept connections, with one commit before the first that changes a flag. */
export const repeatCalls: Call<Arrival[], null> = {
  name: "repeatCalls",
  input: z.array(Arrival),
  output: z.null(),
};

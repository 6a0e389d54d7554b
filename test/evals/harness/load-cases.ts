import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { World } from "./world.ts";

/** Read in full, and with what it leaves out filled in, only once everything is put together. */
const Part = z.record(z.string(), z.unknown());
type Part = z.infer<typeof Part>;

/**
 * `scenery.yml`: services with their queries, each with its `healthy` series. A case names one of the services and
 * says only what is different there.
 */
const Scenery = z.record(z.string(), z.record(z.string(), Part));
type Scenery = z.infer<typeof Scenery>;

const Case = z.looseObject({
  service: z.string(),
  /** What makes it worth a case, for readers. */
  note: z.string().optional(),
  /** Queries of the scenery that this world does not have. */
  without: z.array(z.string()).default([]),
  /** Shifts of the healthy series, or what is different about the query and its series. */
  metrics: z
    .record(
      z.string(),
      z.union([
        z.array(Part),
        z.looseObject({ healthy: Part.default({}), series: z.array(Part).default([{}]) }),
      ]),
    )
    .default({}),
});
type Case = z.infer<typeof Case>;

/** All cases under a folder, by name; throws with the file's name where one is not as it ought to be. */
export function loadCases(folder: string): World[] {
  const scenery = read(join(folder, "scenery.yml"), Scenery);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "harness")
    .map(({ name }) => name)
    .toSorted()
    .map((name) => {
      const file = join(folder, name, "case.yml");
      return worldOf(name, file, read(file, Case), scenery);
    });
}

function worldOf(name: string, file: string, found: Case, scenery: Scenery): World {
  const { note: _, without, metrics, ...rest } = found;
  const queries = scenery[found.service];
  if (queries === undefined) throw new Error(`${file}: scenery.yml has no service ${found.service}.`);
  const strange = without.find((id) => queries[id] === undefined);
  if (strange !== undefined)
    throw new Error(`${file}: ${found.service} has no query ${strange} in scenery.yml.`);
  // A query that the scenery does not know must say everything itself.
  const added = Object.keys(metrics).filter((id) => queries[id] === undefined);
  const used = [
    ...Object.entries(queries).filter(([id]) => !without.includes(id)),
    ...added.map((id): [string, Part] => [id, { healthy: {} }]),
  ];
  const world = {
    ...rest,
    name,
    seed: name,
    metrics: Object.fromEntries(used.map(([id, query]) => [id, queryOf(query, metrics[id] ?? [])])),
  };
  return checked(world, file, World);
}

function queryOf({ healthy, ...query }: Part, trouble: Case["metrics"][string]): Part {
  const level = Part.parse(healthy);
  if (Array.isArray(trouble)) return { ...query, series: [{ ...level, shifts: trouble }] };
  const { healthy: all, series, ...changed } = trouble;
  return { ...query, ...changed, series: series.map((one) => ({ ...level, ...all, ...one })) };
}

function read<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  return checked(parse(readFileSync(file, "utf8")), file, schema);
}

function checked<Schema extends z.ZodType>(value: unknown, file: string, schema: Schema): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw new Error(`${file}: ${z.prettifyError(result.error)}`);
  return result.data;
}

import { tool } from "../support/tools.ts";
import { play, seeds } from "./play.ts";

/** `npm run seeded`: every misconfiguration against the doctor. Exit code 1 where one is not found and named. */
const redis = tool("redis-server");
const { healthy, played } = await play(seeds, redis);
const width = Math.max(...played.map(({ seed }) => seed.name.length));
for (const { seed, found, said, leaked } of played) {
  const by = found === null ? "NOT FOUND" : `${seed.check}: ${found.what}`;
  process.stdout.write(`${seed.name.padEnd(width)}  ${seed.severity.padEnd(7)}  ${by}\n`);
  if (found === null)
    process.stdout.write(said.map((line) => `    said: ${line}\n`).join("") || "    said nothing\n");
  if (leaked.length > 0) process.stdout.write(`    SHOWS ${leaked.join(", ")}\n`);
}
const left = seeds.length - played.length;
if (left > 0) process.stdout.write(`\n${left} left out: redis-server or PostgreSQL is missing here\n`);
for (const line of healthy) process.stdout.write(`said of a healthy set-up: ${line}\n`);
const found = played.filter((each) => each.found !== null && each.leaked.length === 0).length;
process.stdout.write(`\ndoctor: ${played.length} seeded, ${found} found\n`);
process.exit(found === played.length && healthy.length === 0 ? 0 : 1);

// Prints the files whose tests took longest, from vitest's JSON report. Usage: slowest-files.mjs <report> <count>
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const [file, count] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, "utf8"));
const files = report.testResults
  .map(({ name, startTime, endTime, assertionResults }) => ({
    name: relative(process.cwd(), name),
    seconds: (endTime - startTime) / 1000,
    tests: assertionResults.length,
  }))
  .toSorted((a, b) => b.seconds - a.seconds);
for (const { name, seconds, tests } of files.slice(0, Number(count))) {
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${name} (${tests} tests)`);
}

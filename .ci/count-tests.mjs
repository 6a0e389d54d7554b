// Prints "<passed> <failed> <skipped>" from vitest's JSON report. Usage: count-tests.mjs <report> <exit code of vitest>
import { readFileSync } from "node:fs";

const [file, exitCode] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, "utf8"));
const passed = report.numPassedTests;
const skipped = report.numPendingTests + report.numTodoTests;
// Files that fail without a failed test inside could not be loaded, or failed in a hook.
const broken = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && assertionResults.every((one) => one.status !== "failed"),
).length;
const failed = report.numFailedTests + broken;
const unexplained = exitCode !== "0" && failed === 0 ? 1 : 0;
const nothing = passed + failed === 0 && unexplained === 0 ? 1 : 0;
console.log(passed, failed + unexplained + nothing, skipped);

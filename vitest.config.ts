import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** No I/O, no globals that one file could leave changed for the next. */
const pure = ["test/unit/**/*.test.ts", "test/property/**/*.test.ts", "test/architecture.test.ts"];

/** Those that take longest, as the end of `.ci/run` lists them: begun last, one of them would run on alone. */
const longest = [
  "test/e2e/demo/script.test.ts",
  "test/evals/evals.test.ts",
  "test/e2e/console/console.test.ts",
  "test/e2e/emergency.test.ts",
  "test/e2e/embedded-postgres/lifetime.test.ts",
  "test/contract/queue/doorbell.test.ts",
  "test/e2e/roles.test.ts",
  "test/e2e/demo/page.test.ts",
  "test/e2e/modes.test.ts",
  "test/e2e/loop.test.ts",
  "test/e2e/outages.test.ts",
];

/** Servers in the test's own process, which leave nothing behind in it. */
const serving = ["test/contract/**/*.test.ts", "test/e2e/slack/**/*.test.ts"];

/**
 * Tests that wait for servers and processes: on a machine that is busy something comes later now and then than is
 * waited for. What fails twice is no such thing, and the report names what was tried twice.
 */
const waiting = {
  retry: process.env["CI"] === "true" ? 1 : 0,
  globalSetup: ["test/support/cluster-template.ts"],
};

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => longest.some((file) => moduleId.endsWith(file));
    const isPure = ({ project }: TestSpecification) => project.name === "pure";
    return [
      ...sorted.filter(isPure),
      ...sorted.filter(isLong),
      ...sorted.filter((file) => !isPure(file) && !isLong(file)),
    ];
  }
}

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Tests with servers, timers and processes mostly wait: two workers leave two cores idle for half of the time, and
    // with more of them than this some test waits too long for a card.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      // One process for many files: starting one and loading all anew takes longer than most of these files do.
      { extends: true, test: { name: "pure", include: pure, isolate: false } },
      { extends: true, test: { ...waiting, name: "serving", include: serving, isolate: false } },
      // Signalman as a whole, and other processes: each file has a process of its own.
      {
        extends: true,
        test: {
          ...waiting,
          name: "whole",
          include: ["test/**/*.test.ts"],
          exclude: [...pure, ...serving],
        },
      },
    ],
  },
});

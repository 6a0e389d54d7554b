import { defineConfig } from "vitest/config";

/** No I/O, no globals that one file could leave changed for the next. */
const pure = ["test/unit/**/*.test.ts", "test/property/**/*.test.ts", "test/architecture.test.ts"];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores are the common case: more workers only make timeouts.
    maxWorkers: 2,
    projects: [
      // One process for many files: starting one and loading zod anew takes longer than most of these files do.
      { extends: true, test: { name: "pure", include: pure, isolate: false } },
      // Servers, databases and processes: each file has a process of its own.
      {
        extends: true,
        test: {
          name: "whole",
          include: ["test/**/*.test.ts"],
          exclude: pure,
          globalSetup: ["test/support/cluster-template.ts"],
        },
      },
    ],
  },
});

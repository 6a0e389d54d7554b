import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const module = new URL("../../../src/adapters/slack/contain-rejections.ts", import.meta.url).href;

/** A process of its own, because a test runner has its own idea of unhandled rejections. */
function run(stack: string) {
  const code = `
    const { containRejections } = await import(${JSON.stringify(module)});
    const log = { error: (_, message) => console.log("logged", message) };
    containRejections(log);
    const error = new TypeError("nobody holds this");
    error.stack = ${JSON.stringify(stack)};
    Promise.reject(error);
    setTimeout(() => console.log("still here"), 50);
  `;
  return spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
}

describe("rejections that nobody holds", () => {
  it("are logged where Socket Mode makes them", () => {
    const { status, stdout } = run(
      "TypeError\n at /app/node_modules/@slack/socket-mode/dist/src/SocketModeClient.js",
    );
    expect(stdout).toContain("logged Socket Mode failed inside");
    expect(stdout).toContain("still here");
    expect(status).toBe(0);
  });

  it("end the process where they are ours", () => {
    const { status, stdout } = run("TypeError\n at /app/src/pipeline/notify.ts");
    expect(stdout).not.toContain("still here");
    expect(status).not.toBe(0);
  });
});

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { asOldNode, emptyFolder, runCli, startCli } from "./run-cli.ts";

describe("the command line", () => {
  test("without a word it lists the commands and fails; asked for help it does not", async () => {
    using folder = emptyFolder();
    const [bare, help] = await Promise.all([
      runCli([], { cwd: folder.path }),
      runCli(["--help"], { cwd: folder.path }),
    ]);
    expect(bare).toMatchObject({ code: 2, stdout: "" });
    expect(bare.stderr).toMatch(/^Usage: signalman <command>/);
    expect(help).toMatchObject({ code: 0, stdout: bare.stderr, stderr: "" });
    expect(help.stdout).toMatch(/^ {2}audit +\S/m);
    expect(help.stdout).toMatch(/^ {2}start +\S/m);
  });

  test.each<[string, string[], RegExp]>([
    ["an unknown command", ["adit"], /^There is no command "adit"\. Did you mean "audit"\?\n/],
    ["a path for a command", ["../main"], /^There is no command "\.\.\/main"\./],
    ["an unknown word", ["audit", "verfy"], /^There is no "audit verfy"\. Did you mean "verify"\?\n/],
    ["no word", ["audit"], /^Say what to do: verify, show or export\.\n/],
    ["an unknown option", ["audit", "verify", "--jsn"], /^Unknown option '--jsn'/],
    ["something that is no id", ["audit", "show", "CHG-1"], /^"CHG-1" is no id; it is INC- or CHG- and ten/],
    [
      "an unknown role",
      ["start", "--role", "exector"],
      /^--role: there is no role "exector"; .* Did you mean "executor"\?\n$/,
    ],
  ])("%s: one clear sentence and exit code 2", async (_, args, sentence) => {
    using folder = emptyFolder();
    const result = await runCli(args, { cwd: folder.path });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).not.toMatch(/^ {4}at /m);
  });

  test("a configuration with several faults: a sentence each", async () => {
    using folder = emptyFolder();
    writeFileSync(join(folder.path, "signalman.yml"), "sources: []\nservces: []\nlog: { level: loud }\n");
    const result = await runCli(["start", "--role", "worker"], { cwd: folder.path });
    expect(result.code).toBe(2);
    expect(result.stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^signalman\.yml:3:15: log\.level must be one of/),
      'signalman.yml:2:1: unknown key "servces". Did you mean "services"?',
    ]);
  });

  test("variables may stand in .env; those of the environment win", async () => {
    using folder = emptyFolder();
    writeFileSync(join(folder.path, ".env"), "DATABASE_URL=mysql://x\n");
    const fromFile = await runCli(["audit", "verify"], { cwd: folder.path });
    expect(fromFile.stderr).toMatch(/^DATABASE_URL must look like/);
    const env = { DATABASE_URL: "postgresql://x@127.0.0.1:1/x" };
    const fromEnvironment = await runCli(["audit", "verify"], { cwd: folder.path, env });
    expect(fromEnvironment).toMatchObject({ code: 1, stdout: "" });
    expect(fromEnvironment.stderr).toMatch(/^The database cannot be read: .*ECONNREFUSED/);
  });
});

describe("on an old Node", () => {
  test("the launcher hands over to a newer one, with arguments, output and exit code", async () => {
    using folder = emptyFolder();
    const options = { cwd: folder.path, nodeArgs: asOldNode };
    expect(await runCli(["audit", "--help"], options)).toEqual(
      await runCli(["audit", "--help"], { cwd: folder.path }),
    );
    const wrong = await runCli(["audit", "show", "x y"], options);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^"x y" is no id/);
  });

  test("SIGTERM reaches the program, and the launcher ends as it ended", async () => {
    using folder = emptyFolder();
    await using server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const { child, result } = startCli(["audit", "verify"], {
      cwd: folder.path,
      nodeArgs: asOldNode,
      // A database that takes the call and never answers.
      env: { DATABASE_URL: `postgresql://x@127.0.0.1:${address.port}/x` },
    });
    const [socket] = await once(server, "connection");
    const gone = once(socket, "close");
    socket.on("error", () => undefined);
    socket.resume();
    child.kill("SIGTERM");
    expect(await result).toMatchObject({ code: null, signal: "SIGTERM" });
    await gone;
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { goodAnswer } from "../../src/sandbox/openai/model-answers.ts";
import { createWorld } from "../../src/sandbox/world/create-world.ts";
import { createPlay } from "../support/incident-play.ts";
import { spawnSignalman, workFolder } from "../support/signalman.ts";
import { tool } from "../support/tools.ts";

const strace = tool("strace");

it.skipIf(strace === null)(
  "never leaves loopback while it plays the loop, and asks no name server (strace)",
  async () => {
    using folder = workFolder();
    await using world = await createWorld({
      dataFolder: folder.dataFolder,
      withModel: true,
      verifyAfterSeconds: 2,
    });
    world.model?.behave(
      goodAnswer({
        cause: "flag",
        suspects: [
          {
            flagKey: "checkout_one_click",
            confidence: "high",
            why: "It came first.",
            citations: ["E1", "E2"],
          },
        ],
        abstention: null,
        confidence: "high",
      }),
    );
    const trace = join(folder.path, "connects");
    // -D: the tracer stands aside, so that signals reach Signalman itself.
    const under = [
      strace ?? "",
      "-D",
      "-f",
      "-qq",
      "-e",
      "trace=connect,sendto,sendmsg,sendmmsg",
      "-o",
      trace,
    ];
    const play = createPlay(world);
    {
      await using signalman = await spawnSignalman(world, folder.path, { under });
      await play.fire(signalman.doorUrl, "checkout");
      await play.cardOffering("approve", 30_000);
      await play.approve("ruth");
      await play.cardWith("*Applied*", 30_000);
      await play.threadWith("*Verdict: ", 30_000);
      expect(play.everything()).toContain("Drafted by sandbox-model");
    }
    const lines = readFileSync(trace, "utf8").split("\n");
    const connects = lines.filter((line) => /\bconnect\(.*sa_family=AF_INET6?\b/.test(line));
    // What is traced at all: Slack, FeatBit's two servers, Prometheus and the model were all spoken to.
    expect(connects.length).toBeGreaterThan(5);
    expect(connects.filter((line) => !isLoopback(line))).toEqual([]);
    const datagrams = lines.filter((line) => /\bsend(to|msg|mmsg)\(.*sa_family=AF_INET6?\b/.test(line));
    expect(datagrams).toEqual([]);
    expect(lines.filter((line) => /htons\(53\)/.test(line))).toEqual([]);
  },
  120_000,
);

function isLoopback(line: string): boolean {
  return /inet_addr\("127\.\d+\.\d+\.\d+"\)/.test(line) || /inet_pton\(AF_INET6, "::1"/.test(line);
}

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { actionIdsOf } from "../../src/sandbox/slack/driver/visible-text.ts";
import { createPlay, type Play } from "../support/incident-play.ts";
import { expectAuditPasses, expectFolded } from "../support/ledger-check.ts";
import { buildWorld } from "../support/open-shop.ts";
import { spawnSignalman, workFolder } from "../support/signalman.ts";
import { until } from "../support/until.ts";
import { keeperPid, serverPid } from "./embedded-postgres/holder.ts";

const flagKey = "checkout_one_click";

const points = [
  "after the 202",
  "while the card is posted",
  "while it awaits approval",
  "as the click is sent",
  "once approved",
  "while FeatBit writes",
  "once FeatBit has written",
  "before verification",
  "before the review date",
  "while the reverse awaits approval",
] as const;
type Point = (typeof points)[number];

const kills = ["Signalman", "the keeper", "the database", "all three"] as const;
type Kill = (typeof kills)[number];

/** Ten by default, each point with another kind of kill; forty with CRASH_ALL=1. CRASH_SEED turns the order. */
function combinations(): { point: Point; kill: Kill }[] {
  const all = points.flatMap((point) => kills.map((kill) => ({ point, kill })));
  if (process.env["CRASH_ALL"] === "1") return all;
  const seed = Number(process.env["CRASH_SEED"] ?? Math.floor(Math.random() * 1000));
  process.stdout.write(`crash: CRASH_SEED=${seed}\n`);
  return points.map((point, index) => ({ point, kill: kills[(index + seed) % kills.length] ?? "Signalman" }));
}

describe.concurrent("kill -9, and on", () => {
  it.each(combinations())(
    "of $kill $point: nothing lost, nothing repeated",
    async ({ point, kill }) => {
      await using stack = new AsyncDisposableStack();
      const folder = stack.use(workFolder());
      const home = `${folder.dataFolder}/postgres`;
      const world = stack.use(await buildWorld({ dataFolder: folder.dataFolder, verifyAfterSeconds: 3 }));
      const play = createPlay(world);
      const original = play.flag(flagKey);
      let signalman = await spawnSignalman(world, folder.path);
      // Whichever of them runs at the end.
      stack.defer(() => signalman[Symbol.asyncDispose]());

      let struck = false;
      const strike = async (here: Point): Promise<void> => {
        if (here !== point) return;
        struck = true;
        const [keeper, server] = [await keeperPid(home), await serverPid(home)];
        if (keeper === undefined || server === undefined) throw new Error("no keeper or server to kill");
        if (kill === "Signalman" || kill === "all three") await signalman.kill9();
        if (kill === "the keeper" || kill === "all three") process.kill(keeper, "SIGKILL");
        if (kill === "the database" || kill === "all three") process.kill(server, "SIGKILL");
        if (kill === "Signalman" || kill === "all three") {
          signalman = await spawnSignalman(world, folder.path);
        }
      };

      await playLoop(play, () => signalman.doorUrl, strike).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${signalman.log()}`);
      });
      expect(struck).toBe(true);

      expect(play.flag(flagKey)).toEqual(original);
      const operations = play.mutationsOf(flagKey).map(({ comment }) => /^OP-\S+/.exec(comment)?.[0]);
      expect(operations).toHaveLength(2);
      expect(new Set(operations).size).toBe(2);
      expect(play.cards().length).toBeLessThanOrEqual(2);
      const recorded = await until(
        "both changes to be told to their ends",
        async () => {
          const all = await expectFolded(folder.path);
          return all.changes.map(({ status }) => status).join() === "closed,applied" ? all : null;
        },
        { everyMs: 500, timeoutMs: 30_000 },
      );
      expect(recorded.incidents).toHaveLength(1);
      expect(recorded.incidents[0]?.alertCount).toBe(1);
      for (const change of recorded.changes) {
        const types = recorded.typesOf(change);
        for (const once of ["execution_started", "change_applied", "change_approved", "vote_cast"]) {
          expect({ once, times: types.filter((type) => type === once).length }).toEqual({ once, times: 1 });
        }
      }
      await expectAuditPasses(folder.path);
      await signalman[Symbol.asyncDispose]();
      await until("the database to end with Signalman", async () => (await serverPid(home)) === undefined);
    },
    170_000,
  );
});

/** Scenario (b) to its end, by people who try again when something did not work, as people do. */
async function playLoop(
  play: Play,
  doorUrl: () => string,
  strike: (point: Point) => Promise<void>,
): Promise<void> {
  const { world } = play;
  const posts = () => world.slack.callLog.filter(({ method }) => method === "chat.postMessage").length;
  const atWork = (method: string) => () =>
    world.featbit.requests.some((request) => request.method === method && request.path.includes(flagKey));

  world.slack.faults.next("chat.postMessage", { kind: "delay", delayMs: 600 });
  await play.fire(doorUrl(), "checkout");
  await strike("after the 202");
  await until("a post to be under way", () => posts() > 0, { timeoutMs: 30_000 });
  await strike("while the card is posted");
  await play.cardOffering("approve", 40_000);
  await strike("while it awaits approval");

  const pressed = await again("the form", () => play.press("ruth", "approve"));
  const form = await pressed.view(({ submit }) => submit !== undefined, 5_000).catch(() => null);
  if (form !== null) {
    const slow = world.featbit.inject({
      server: "api",
      method: "GET",
      path: new RegExp(`/feature-flags/${flagKey}$`),
      does: { kind: "delay", delayMs: 1_000 },
    });
    world.featbit.writeWindowMs = 1_000;
    const sent = world.slack.as(world.people.ruth.id).submit(form.id, { rationale: "Errors." });
    sent.catch(() => undefined);
    await delay(15);
    await strike("as the click is sent");
    await Promise.race([
      play.cardWith(/\*Approved\*|\*Executing\*|\*Applied\*/, 2_000).catch(() => null),
      delay(700),
    ]);
    await strike("once approved");
    slow();
  }
  const approving = approved(play, "ruth", 1);
  approving.catch(() => undefined);
  await until("FeatBit to be asked to write", atWork("PUT"), { timeoutMs: 60_000, seen: play.everything });
  await strike("while FeatBit writes");
  await approving;
  world.featbit.writeWindowMs = 8;
  await strike("once FeatBit has written");
  await play.cardWith("*Applied*", 60_000);
  await strike("before verification");
  await play.cardWith("*Verdict: ", 60_000);

  await until(
    "the change to be kept",
    async () => {
      if (/was closed by Ruth Lindqvist: kept/.test(play.threadText())) return true;
      const review_at = Math.ceil(Date.now() / 1000) + 4;
      await play.fillIn("ruth", "keep", { owner: world.people.chen.id, review_at }).catch(() => null);
      return false;
    },
    { timeoutMs: 40_000, everyMs: 2_000, seen: play.everything },
  );
  await strike("before the review date");
  await play.threadWith(/The review date of CHG-\S+ has passed/, 40_000);
  await until(
    "the reverse to be drafted",
    async () => {
      if (play.cards().some((card) => /Undo CHG/.test(card.text))) return true;
      await play.fillIn("maya", "roll_back", { reason: "The cause is fixed." }).catch(() => null);
      return false;
    },
    { timeoutMs: 40_000, everyMs: 1_500, seen: play.everything },
  );
  await play.cardOffering("approve", 30_000);
  await strike("while the reverse awaits approval");
  await approved(play, "pavel", 2);
}

/** Approves until FeatBit has written for the `count`th time. */
async function approved(play: Play, person: "ruth" | "pavel", count: number): Promise<void> {
  await until(
    `FeatBit to have written ${count} times`,
    async () => {
      if (play.mutationsOf(flagKey).length >= count) return true;
      const card = play.newest();
      if (card !== undefined && actionIdsOf(card).includes("approve"))
        await play.approve(person).catch(() => null);
      return false;
    },
    { timeoutMs: 80_000, everyMs: 200, seen: play.everything },
  );
}

/** Tries again what failed because nobody was there. */
async function again<T>(what: string, act: () => Promise<T>): Promise<T> {
  let last: T | undefined;
  await until(what, async () => (last = await act().catch(() => undefined)) !== undefined, { everyMs: 300 });
  if (last === undefined) throw new Error(`${what} came to nothing`);
  return last;
}

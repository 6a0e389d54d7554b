import { describe, expect, it } from "vitest";
import { DeliveryId } from "../../../src/domain/ids.ts";
import { muteService, unmuteService } from "../../../src/pipeline/people/mute-service.ts";
import type { Notice, Noticeboard } from "../../../src/pipeline/ports/noticeboard.ts";
import { tell, tellQuarantine } from "../../../src/pipeline/tell.ts";
import { delivery } from "../../contract/storage/story-of-streams.ts";
import { createWorld, type World } from "./world.ts";

const minute = 60_000;

/** Posts as the real one does: by the clock of the channel, recorded. */
function createBoard(world: World) {
  const posted: { notice: Notice; channel: string }[] = [];
  const noticeboard: Noticeboard = {
    async post(notice, { subject, part, channel }) {
      posted.push({ notice, channel });
      const ts = (Date.parse(world.clock.now()) / 1000).toFixed(6);
      await world.store.postings.record({ subject, part, channel: "C1", ts, renderedHash: "" });
    },
  };
  return { posted, noticeboard };
}

function createTelling() {
  const world = createWorld();
  const { posted, noticeboard } = createBoard(world);
  const deps = { ...world.deps, noticeboard };
  return {
    world,
    posted,
    run: (subject: string) => world.drain("tell", subject, (item) => tell(item, deps)),
    quarantine: async (sourceId: string, reason = "unreadable") => {
      const one = delivery(sourceId, null);
      await world.store.inbox.accept(one);
      await world.store.ledger.commit({
        writes: [],
        settle: [{ id: one.id, settlement: { outcome: "quarantined", reason } }],
        followUps: [tellQuarantine(one)],
      });
      return DeliveryId.parse(one.id);
    },
  };
}

describe("quarantine", () => {
  it("is told of at once, and then once in ten minutes for each source, however much comes", async () => {
    const { world, posted, run, quarantine } = createTelling();
    for (let passed = 0; passed < 25; passed += 1) {
      for (let each = 0; each < 20; each += 1) await quarantine("broken", `no ${passed}`);
      await run("quarantine/broken");
      if (passed === 3) {
        await quarantine("other");
        await run("quarantine/other");
      }
      world.clock.advance(minute);
    }
    const told = posted.map(({ notice }) => (notice.kind === "quarantine" ? notice : null));
    expect(told.map((notice) => `${notice?.sourceId} ${notice?.count}`)).toEqual([
      "broken 20",
      "other 1",
      "broken 220",
      "broken 420",
    ]);
    expect(told[2]?.newest.reason).toBe("no 10");
    expect(posted.every(({ channel }) => channel === "")).toBe(true);
    // The rest is not forgotten.
    world.clock.advance(10 * minute);
    await run("quarantine/broken");
    expect(posted).toHaveLength(5);
    await run("quarantine/broken");
    expect(posted).toHaveLength(5);
  });

  it("that somebody has emptied meanwhile is not told of", async () => {
    const { world, posted, run, quarantine } = createTelling();
    const id = await quarantine("broken");
    await world.store.inbox.requeue(id, "Olga");
    await run("quarantine/broken");
    expect(posted).toEqual([]);
  });
});

describe("mutes", () => {
  it("are told of once, in the service's channel, as are their ends; refusals are not", async () => {
    const { world, posted, run } = createTelling();
    const who = { service: "checkout", userId: "U0RITA" };
    await muteService({ ...who, forMs: 60 * minute, reason: "upgrade" }, world.deps);
    await muteService({ ...who, userId: "U0NED", forMs: 60 * minute, reason: "me too" }, world.deps);
    await run("mute/checkout");
    await unmuteService({ ...who, reason: "done" }, world.deps);
    await run("mute/checkout");
    await run("mute/checkout");
    expect(posted.map(({ notice }) => notice.kind === "mute" && notice.event.type)).toEqual([
      "service_muted",
      "service_unmuted",
    ]);
    expect(posted.map(({ channel }) => channel)).toEqual(["C0CHECKOUT", "C0CHECKOUT"]);
  });
});

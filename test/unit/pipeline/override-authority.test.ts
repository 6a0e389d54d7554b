import { describe, expect, it } from "vitest";
import { later } from "../../../src/domain/ids.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { execute } from "../../../src/pipeline/execute.ts";
import { loweredControls } from "../../../src/pipeline/lowered-controls.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import type { Notice } from "../../../src/pipeline/ports/noticeboard.ts";
import { tell } from "../../../src/pipeline/tell.ts";
import { safeControls } from "../../../src/domain/policy/controls.ts";
import { createWorld, type World } from "./world.ts";

const hour = 3_600_000;
const pause = { wish: { kind: "mode", mode: "off" } as const, forMs: hour, reason: "a bad night" };

/** The world with what people take away in force, as in the running application. */
function createDesk() {
  const world = createWorld();
  world.deps.controls = loweredControls({ read: async () => world.controls }, world.store);
  const posted: { notice: Notice; channel: string; part: string }[] = [];
  const deps = {
    ...world.deps,
    noticeboard: {
      async post(
        notice: Notice,
        { subject, part, channel }: { subject: string; part: string; channel: string },
      ) {
        posted.push({ notice, channel, part });
        await world.store.postings.record({
          subject,
          part,
          channel: channel || "C0OPS",
          ts: "1",
          renderedHash: "",
        });
      },
    },
  };
  const lines = () =>
    posted.map(({ notice, channel }) =>
      notice.kind === "authority" ? `${notice.event.type} ${channel}` : `${notice.kind} ${channel}`,
    );
  return {
    world,
    posted,
    lines,
    actions: personActions(world.deps),
    tell: (subject: string) => world.drain("tell", subject, (item) => tell(item, deps)),
  };
}

async function story(world: World, scope: string): Promise<string[]> {
  return (await world.store.ledger.events(streamOf("authority", scope))).map(({ type }) => type);
}

describe("an override", () => {
  it("is recorded with who, why and policy's word, and its cards are shown anew", async () => {
    const { world, actions } = createDesk();
    const change = await world.change(await world.propose());
    await world.store.ledger.commit({
      writes: [],
      cancel: [{ stage: "notify", subject: change.incidentId }],
    });
    const answer = await actions.override({ ...pause, scope: "checkout", userId: "U0RITA" });
    expect(answer).toMatchObject({ kind: "done", text: expect.stringContaining("for checkout until") });
    const [entry] = await world.store.ledger.events("authority/checkout");
    expect(entry).toMatchObject({
      type: "override_set",
      data: {
        userId: "U0RITA",
        reason: "a bad night",
        until: later(world.clock.now(), hour),
        action: { tool: "mode.override", target: { service: "checkout", environment: "prod" } },
        decision: { kind: "allow", rule: "needs_no_approval" },
      },
    });
    expect(await world.store.work.claim("notify", change.incidentId, 1_000)).not.toBeNull();
    expect(await world.store.work.claim("tell", "authority/checkout", 1_000)).not.toBeNull();
  });

  it.each([
    ["U0RITA", "checkout", "done"],
    ["U0RITA", "*", "done"],
    ["U0OMAR", "checkout", "refused"],
    ["U0NED", "*", "refused"],
  ])("by %s of %s is %s, and a refusal is kept and told nobody", async (userId, scope, kind) => {
    const { world, actions } = createDesk();
    expect((await actions.override({ ...pause, scope, userId })).kind).toBe(kind);
    expect(await story(world, scope)).toEqual([kind === "done" ? "override_set" : "override_refused"]);
    expect(await world.store.work.claim("tell", `authority/${scope}`, 1_000)).toEqual(
      kind === "done" ? expect.anything() : null,
    );
  });

  it("works while FeatBit gives no answer, and is not possible while nobody knows who asks", async () => {
    const { world, actions } = createDesk();
    world.controls = { ...safeControls, evaluations: [] };
    expect((await actions.override({ ...pause, scope: "*", userId: "U0RITA" })).kind).toBe("done");
    world.identity.down = true;
    expect((await actions.override({ ...pause, scope: "*", userId: "U0RITA" })).kind).toBe("unavailable");
    expect(await story(world, "*")).toEqual(["override_set"]);
  });

  it("is one thing however often it is asked for at once", async () => {
    const { world, actions } = createDesk();
    const input = { ...pause, scope: "*", userId: "U0RITA" };
    const answers = await Promise.all(Array.from({ length: 8 }, () => actions.override(input)));
    expect(answers.every(({ kind }) => kind === "done")).toBe(true);
    expect(await story(world, "*")).toEqual(["override_set"]);
  });

  it.each([
    [{ scope: "chekout" }, 'Did you mean "checkout"?'],
    [{ wish: { kind: "deny_tool", tool: "flag.turn_of" } as const }, 'Did you mean "flag.turn_off"?'],
    [{ wish: { kind: "deny_tool", tool: "mode.override" } as const }, "nobody could give anything back"],
    [{ forMs: 25 * hour }, "5 minutes to 24 hours"],
    [{ reason: " " }, "needs a reason"],
  ])("%j is refused with what is wrong", async (over, reason) => {
    const { world, actions } = createDesk();
    const answer = await actions.override({ ...pause, scope: "checkout", userId: "U0RITA", ...over });
    expect(answer).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) });
    expect(world.store.tables.events).toEqual([]);
  });

  it("between approval and execution: nothing is written, and the change is denied with the reason", async () => {
    const { world, actions } = createDesk();
    const id = await world.approved();
    await actions.override({ ...pause, scope: "checkout", userId: "U0RITA" });
    await world.drain("execute", id, (item) => execute(item, world.deps));
    expect(world.flags.writes).toEqual([]);
    const { status, ended } = await world.change(id);
    expect(status).toBe("denied");
    expect(ended?.reason).toContain("Rita set it for checkout until");
  });

  it("of another service touches nothing", async () => {
    const { world, actions } = createDesk();
    const id = await world.approved();
    await actions.override({ ...pause, scope: "search", userId: "U0RITA" });
    await world.drain("execute", id, (item) => execute(item, world.deps));
    expect(world.flags.writes).toHaveLength(1);
  });
});

describe("resuming", () => {
  const resume = { scope: "*", reason: "it is over" };

  it("takes a second person, who is told; the first one's word alone does nothing", async () => {
    const { world, actions } = createDesk();
    await actions.override({ ...pause, scope: "*", userId: "U0RITA" });
    expect(await actions.resume({ ...resume, userId: "U0RITA" })).toMatchObject({
      kind: "done",
      text: expect.stringContaining("somebody else must agree"),
    });
    expect(await actions.resume({ ...resume, userId: "U0RITA" })).toMatchObject({
      text: "You have asked for it everywhere already.",
    });
    expect((await world.deps.controls.read(context)).mode).toBe("off");
    expect(await actions.resume({ ...resume, userId: "U0REX" })).toMatchObject({
      text: "Authority is given back everywhere.",
    });
    expect((await world.deps.controls.read(context)).mode).toBe("approval_required");
    expect(await story(world, "*")).toEqual(["override_set", "resume_requested", "authority_resumed"]);
    const last = (await world.store.ledger.events("authority/*")).at(-1);
    expect(last?.data).toMatchObject({
      userId: "U0REX",
      action: { actor: { requester: { userId: "U0RITA" } }, scope: { raisesAuthority: true } },
      decision: { kind: "allow", rule: "approved" },
    });
  });

  it("does not count whoever asked and may not any more", async () => {
    const { world, actions } = createDesk();
    await actions.override({ ...pause, scope: "*", userId: "U0RITA" });
    await actions.resume({ ...resume, userId: "U0REX" });
    const rex = world.identity.people.get("U0REX");
    if (rex === undefined) throw new Error("there is no Rex");
    world.identity.people.set("U0REX", { ...rex, groups: [] });
    await actions.resume({ ...resume, userId: "U0RITA" });
    expect(await story(world, "*")).toEqual(["override_set", "resume_requested", "resume_requested"]);
  });

  it("does not count an account that is gone", async () => {
    const { world, actions } = createDesk();
    await actions.override({ ...pause, scope: "*", userId: "U0RITA" });
    await actions.resume({ ...resume, userId: "U0REX" });
    world.identity.people.delete("U0REX");
    expect((await actions.resume({ ...resume, userId: "U0RITA" })).kind).toBe("done");
    expect(await story(world, "*")).toEqual(["override_set", "resume_requested", "resume_requested"]);
  });

  it("is refused for whoever may not, and says what is lowered elsewhere", async () => {
    const { world, actions } = createDesk();
    await actions.override({ ...pause, scope: "search", userId: "U0RITA" });
    expect((await actions.resume({ ...resume, scope: "search", userId: "U0MAYA" })).kind).toBe("refused");
    expect(await story(world, "search")).toEqual(["override_set", "override_refused"]);
    expect(await actions.resume({ ...resume, userId: "U0RITA" })).toMatchObject({
      text: "Nothing is taken away everywhere. Something is for search.",
    });
  });
});

const context = {
  incidentId: "x",
  service: "checkout",
  environment: "prod",
  project: "shop",
  tool: "",
  riskClass: "",
  severity: "",
  source: "",
  agent: "",
};

describe("what people are told of overrides", () => {
  it("once, to operators and in the service's channel, and their end by time, whose cards are shown anew", async () => {
    const { world, actions, tell: run, lines } = createDesk();
    await actions.override({ ...pause, scope: "checkout", userId: "U0RITA" });
    await run("authority/checkout");
    await run("authority/checkout");
    expect(lines()).toEqual(["override_set ", "override_set C0CHECKOUT"]);
    const change = await world.change(await world.propose());
    await world.store.ledger.commit({
      writes: [],
      cancel: [{ stage: "notify", subject: change.incidentId }],
    });
    world.clock.advance(hour);
    await run("authority/checkout");
    await run("authority/checkout");
    expect(lines().slice(2)).toEqual(["override_ended ", "override_ended C0CHECKOUT"]);
    expect((await world.deps.controls.read(context)).mode).toBe("approval_required");
    const decided = await world.store.ledger.events("notice/authority/checkout");
    expect(decided.map(({ data }) => data["part"])).toEqual([
      "event/1",
      "event/1/service",
      "ended/1",
      "ended/1/service",
    ]);
  });

  it("the end of what was made longer only once, and of what people gave back not at all", async () => {
    const { world, actions, tell: run, lines } = createDesk();
    await actions.override({ ...pause, scope: "*", userId: "U0RITA" });
    world.clock.advance(hour / 2);
    await actions.override({ ...pause, scope: "*", userId: "U0RITA" });
    await actions.override({ ...pause, wish: { kind: "strict" }, scope: "*", userId: "U0RITA" });
    world.clock.advance(hour / 2);
    await run("authority/*");
    expect(lines()).toEqual(["override_set ", "override_set ", "override_set "]);
    await actions.resume({ scope: "*", reason: "over", userId: "U0RITA" });
    await actions.resume({ scope: "*", reason: "over", userId: "U0REX" });
    world.clock.advance(hour);
    await run("authority/*");
    expect(lines().slice(3)).toEqual(["resume_requested ", "authority_resumed "]);
  });
});

describe("a notice", () => {
  it("that policy denies is recorded and not posted, now or later", async () => {
    const { world, actions, tell: run, lines } = createDesk();
    const wish = { kind: "deny_tool", tool: "slack.post_outside_incident_channel" } as const;
    await actions.override({ ...pause, wish, scope: "search", userId: "U0RITA" });
    await actions.mute({ service: "search", forMs: hour, reason: "upgrade", userId: "U0RITA" });
    await actions.mute({ service: "checkout", forMs: hour, reason: "upgrade", userId: "U0RITA" });
    await run("mute/search");
    await run("mute/checkout");
    expect(lines()).toEqual(["mute C0CHECKOUT"]);
    const [denied] = await world.store.ledger.events("notice/mute/search");
    expect(denied?.data).toMatchObject({
      part: "event/1",
      decision: { kind: "deny", rule: "override_deny" },
    });
    world.clock.advance(hour);
    await world.store.ledger.commit({
      writes: [],
      followUps: [
        {
          stage: "tell",
          subject: "mute/search",
          correlationId: (await world.change(await world.propose())).correlationId,
        },
      ],
    });
    await run("mute/search");
    expect(lines()).toEqual(["mute C0CHECKOUT"]);
  });

  it("without a contract is not posted", async () => {
    const { world, actions, tell: run, lines } = createDesk();
    world.contracts.delete("slack.post_outside_incident_channel");
    await actions.mute({ service: "checkout", forMs: hour, reason: "upgrade", userId: "U0RITA" });
    await run("mute/checkout");
    expect(lines()).toEqual([]);
    const [denied] = await world.store.ledger.events("notice/mute/checkout");
    expect(denied?.data["decision"]).toMatchObject({ kind: "deny", rule: "no_contract" });
  });

  it("whose posting failed is decided once and posted by the next try", async () => {
    const { world, actions } = createDesk();
    await actions.mute({ service: "checkout", forMs: hour, reason: "upgrade", userId: "U0RITA" });
    const posted: string[] = [];
    const post = async (_notice: Notice, { part }: { part: string }) => {
      posted.push(part);
      if (posted.length === 1) throw new OpsError("unreachable", "Slack is away.");
    };
    const deps = { ...world.deps, noticeboard: { post } };
    const run = () => world.drain("tell", "mute/checkout", (item) => tell(item, deps));
    await run();
    world.clock.advance(60_000);
    await run();
    expect(posted).toEqual(["event/1", "event/1"]);
    expect(await world.store.ledger.events("notice/mute/checkout")).toHaveLength(1);
  });
});

import { describe, expect, it } from "vitest";
import { type ApprovalRequirement, Decision } from "../../../src/domain/policy/decision.ts";
import {
  changeId,
  decisions,
  incidentId,
  requirement,
  reviseCommand,
  voteCommand,
} from "../../support/change-fixtures.ts";
import type { EditChoices } from "../../../src/pipeline/ports/person-actions.ts";
import type { Entries } from "../../../src/sandbox/slack/driver/view-state.ts";
import { typed } from "../../support/typed.ts";
import { complaintsAboutView } from "../../unit/slack/slack-text.ts";
import { createSlackWorld, proposal, type SlackWorld } from "./slack-world.ts";

async function shown(options: Parameters<typeof createSlackWorld>[0] = {}) {
  const world = await createSlackWorld(options);
  await world.show();
  const { channel, ts } = await world.card();
  const click = (user: string, actionId: string) => world.site.as(user).click(channel, ts, actionId);
  return { world, channel, ts, click, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

function apply(world: SlackWorld): void {
  const { story } = world;
  story.change(voteCommand(proposal, { decision: decisions.allow() }));
  const { digest } = proposal;
  story.change({ command: "begin", operationId: "op-1", epoch: 1, digest, decision: decisions.allow() });
  const outcome = { kind: "applied" as const, revision: "rev-2", chain: { kind: "intact" as const } };
  story.change({ command: "record_outcome", operationId: "op-1", outcome });
}

describe.each(["socket", "http"] as const)("deciding over %s", (transport) => {
  it("takes a permitted vote through a form that says what would change, and answers privately", async () => {
    await using at = await shown({ transport });
    const { world, click } = at;
    const clicked = await click("U0ADA", "approve");
    const modal = await clicked.view((view) => view.callbackId === "vote");
    expect(
      complaintsAboutView({
        type: "modal",
        ...typed<object>({ title: modal.title, submit: modal.submit, blocks: modal.blocks }),
      }),
    ).toEqual([]);
    expect(JSON.stringify(modal.blocks)).toContain("This is prod: real users are affected");
    expect(JSON.stringify(modal.blocks)).toContain("Flag: on → off");
    const submitted = await world.site.as("U0ADA").submit(modal.id, { rationale: "Errors began with it" });
    const answer = await submitted.ephemeral();
    expect(answer).toMatchObject({ visibleTo: "U0ADA", text: "Your vote counts: approve." });
    expect(world.people.acts).toEqual([
      {
        act: "vote",
        input: {
          changeId,
          version: 1,
          digest: proposal.digest,
          vote: "approve",
          rationale: "Errors began with it",
          userId: "U0ADA",
        },
      },
    ]);
  });

  it("refuses privately, says whom to ask, and mentions nobody", async () => {
    await using at = await shown({ transport });
    const answer = await (await at.click("U0BEN", "approve")).ephemeral();
    expect(answer.text).toBe(
      "Not done: it takes a role that permits it\nAsk instead: reviewers (user group), Ada Reviewer.",
    );
    expect(at.world.site.as("U0BEN").topView()).toBeUndefined();
    expect(at.world.people.acts).toEqual([]);
  });

  it("asks for a reason to reject, beside the field", async () => {
    await using at = await shown({ transport });
    const modal = await (await at.click("U0ADA", "reject")).view();
    const actor = at.world.site.as("U0ADA");
    expect(await actor.submit(modal.id, {})).toMatchObject({ sent: false });
    expect(await actor.submit(modal.id, { rationale: "   " })).toMatchObject({
      fieldErrors: { rationale: "Say why: whoever drafts it again will need it." },
    });
    await (await actor.submit(modal.id, { rationale: "Wrong flag" })).ephemeral();
    expect(at.world.people.acts).toMatchObject([
      { act: "vote", input: { vote: "reject", rationale: "Wrong flag" } },
    ]);
  });
});

const asking = (over: Partial<ApprovalRequirement>) =>
  Decision.parse({ ...decisions.queue(), requirement: { ...requirement(), ...over } });

describe("the other buttons", () => {
  it("take an emergency only with its words and a reason", async () => {
    await using at = await shown({ decision: asking({ breakGlassRoles: ["release-manager"] }) });
    const modal = await (await at.click("U0ADA", "break_glass")).view(({ submit }) => submit !== undefined);
    const words = `emergency ${changeId}`;
    expect(JSON.stringify(modal.blocks)).toContain(words);
    const actor = at.world.site.as("U0ADA");
    const wrong = await actor.submit(modal.id, { words: "emergency", reason: "The shop is down" });
    expect(wrong.fieldErrors).toEqual({ words: `Type exactly: ${words}` });
    const sent = await actor.submit(modal.id, {
      words: ` ${words.toUpperCase()} `,
      reason: "The shop is down",
    });
    expect((await sent.ephemeral()).text).toContain("Approved in an emergency");
    const input = { changeId, version: 1, digest: proposal.digest, userId: "U0ADA" };
    expect(at.world.people.acts).toEqual([
      { act: "breakGlass", input: { ...input, words: words.toUpperCase(), reason: "The shop is down" } },
    ]);
    expect(at.world.people.checks).toEqual([{ userId: "U0ADA", action: "break_glass" }]);
  });

  it("edit a draft: what is left empty stays, and what cannot be meant is said beside the field", async () => {
    await using at = await shown();
    const { world } = at;
    Object.assign(world.people.editChoices, {
      candidates: [{ id: "C2", label: "Set it to 25%", diff: ["Default rule: On 100% → 25%"] }],
      percent: true,
      variations: [
        { id: "on", name: "On <!here>" },
        { id: "off", name: "Off" },
      ],
      segments: [{ id: "seg-1", name: "Staff" }],
      metrics: [{ id: "errors", title: "Error rate" }],
    } satisfies Partial<EditChoices>);
    const modal = await (await at.click("U0ADA", "edit")).view(({ submit }) => submit !== undefined);
    expect(
      complaintsAboutView({
        type: "modal",
        ...typed<object>({ title: modal.title, submit: modal.submit, blocks: modal.blocks }),
      }),
    ).toEqual([]);
    const actor = world.site.as("U0ADA");
    const wrong = (entries: Entries) => actor.submit(modal.id, { reason: "Half is enough", ...entries });
    expect((await wrong({ percent: "120" })).fieldErrors).toHaveProperty("percent");
    expect((await wrong({ within: "soon" })).fieldErrors).toHaveProperty("within");
    expect((await wrong({ within: "3d" })).fieldErrors).toHaveProperty("within");
    const sent = await wrong({ variation: "on", percent: "12.5 %", metric: "errors", within: "5m" });
    expect((await sent.ephemeral()).text).toContain("version 2");
    expect(world.people.acts).toEqual([
      {
        act: "edit",
        input: {
          changeId,
          version: 1,
          digest: proposal.digest,
          userId: "U0ADA",
          edit: {
            candidateId: null,
            variationId: "on",
            percent: 12.5,
            segmentId: null,
            queryId: "errors",
            withinMs: 300_000,
          },
          reason: "Half is enough",
        },
      },
    ]);
  });

  it("take a statement in the contract's words", async () => {
    const attestation = "No <!here> code asks for it.";
    await using at = await shown({ decision: asking({ attestation }) });
    const modal = await (await at.click("U0ADA", "attest")).view(({ submit }) => submit !== undefined);
    expect(JSON.stringify(modal.blocks)).toContain("No &lt;!here&gt; code asks for it.");
    await (await at.world.site.as("U0ADA").submit(modal.id, {})).ephemeral();
    expect(at.world.people.acts).toMatchObject([{ act: "attest", input: { changeId, userId: "U0ADA" } }]);
    expect(await (await at.click("U0BEN", "attest")).ephemeral()).toMatchObject({
      text: expect.stringContaining("Not done"),
    });
  });

  it("show the details", async () => {
    await using at = await shown();
    const modal = await (await at.click("U0BEN", "details")).view();
    const words = JSON.stringify(modal.blocks);
    for (const part of [proposal.digest, changeId, incidentId, "E1", "E4", "Policy hash", "*Votes:* none."]) {
      expect(words).toContain(part);
    }
  });

  it("acknowledge", async () => {
    await using at = await shown();
    expect((await (await at.click("U0ADA", "acknowledge")).ephemeral()).text).toBe("You are on it.");
    expect(at.world.people.acts).toEqual([{ act: "acknowledge", input: { incidentId, userId: "U0ADA" } }]);
  });

  it("keep with owner, note and review date, which must lie ahead", async () => {
    await using at = await shown();
    apply(at.world);
    await at.world.show();
    const modal = await (await at.click("U0ADA", "keep")).view();
    const actor = at.world.site.as("U0ADA");
    const past = await actor.submit(modal.id, { review_at: 1_700_000_000 });
    expect(past.fieldErrors).toEqual({ review_at: "The review date must lie ahead." });
    const soon = Math.floor(Date.now() / 1000) + 30;
    const kept = await actor.submit(modal.id, {
      owner: "U0BEN",
      note: "Until the fix is out",
      review_at: soon,
    });
    await kept.ephemeral();
    expect(at.world.people.acts).toMatchObject([
      {
        act: "close",
        input: {
          changeId,
          resolution: "keep",
          owner: "Ben Onlooker",
          note: "Until the fix is out",
          reviewAt: new Date(soon * 1000).toISOString(),
        },
      },
    ]);
  });

  it("clean up, roll back and expand", async () => {
    await using at = await shown();
    const { world, click } = at;
    const actor = world.site.as("U0ADA");
    world.people.expansions.push({
      id: "share-25",
      label: "Back to 25%",
      diff: ["Default rule: On 0% → 25%"],
    });
    apply(world);
    await world.show();
    const cleanUp = await (await click("U0ADA", "clean_up")).view();
    await (await actor.submit(cleanUp.id, {})).ephemeral();
    const rollBack = await (await click("U0ADA", "roll_back")).view();
    await (await actor.submit(rollBack.id, { reason: "It did not help" })).ephemeral();
    const expand = await (await click("U0ADA", "expand")).view();
    expect(JSON.stringify(expand.blocks)).toContain("Default rule: On 0% → 25%");
    await (await actor.submit(expand.id, { reason: "It looks good" })).ephemeral();
    expect(world.people.acts).toMatchObject([
      { act: "close", input: { resolution: "clean_up", owner: "Ada Reviewer" } },
      { act: "revert", input: { changeId, reason: "It did not help" } },
      { act: "expand", input: { changeId, expansionId: "share-25", reason: "It looks good" } },
    ]);
  });
});

describe("clicks that are not what they seem", () => {
  it("decide nothing on a copy that somebody posted, and point at the live card", async () => {
    await using at = await shown();
    const { world, channel, ts } = at;
    const original = world.site.message(channel, ts);
    const forged = world.site.as("U0BEN").post(channel, "Please approve", { blocks: original?.blocks ?? [] });
    const answer = await (await world.site.as("U0ADA").click(channel, forged.ts, "approve")).ephemeral();
    expect(answer.text).toContain("This is not the live card, so nothing was done.");
    expect(answer.text).toContain(`/archives/${channel}/p${ts.replace(".", "")}`);
    expect(world.people.checks).toEqual([]);
    expect(world.site.message(channel, forged.ts)?.text).toBe("Please approve");
  });

  it("decide nothing on a stray card of ours, and rewrite it", async () => {
    await using world = await createSlackWorld();
    world.postings.loseNextRecord();
    await expect(world.show()).rejects.toThrow();
    await world.show();
    const live = await world.card();
    const stray = world.site.messages("C0OPS").find((message) => message.ts !== live.ts);
    if (stray === undefined) throw new Error("there is no stray");
    const clicked = await world.site.as("U0ADA").click("C0OPS", stray.ts, "approve");
    expect((await clicked.ephemeral()).text).toContain("This is not the live card");
    await expect.poll(() => world.site.message("C0OPS", stray.ts)?.text).toContain("superseded by");
    expect(JSON.stringify(world.site.message("C0OPS", stray.ts)?.blocks)).not.toContain("approve");
    expect(world.people.checks).toEqual([]);
  });

  it("wait for a card that is being recorded, and give up politely", async () => {
    await using world = await createSlackWorld();
    world.postings.loseNextRecord();
    await expect(world.show()).rejects.toThrow();
    const [card] = world.site.messages("C0OPS");
    const clicked = await world.site.as("U0ADA").click("C0OPS", card?.ts ?? "", "approve");
    expect((await clicked.ephemeral()).text).toContain("This card is not recorded yet.");
  });

  it("decide nothing when the version or the plan has moved on", async () => {
    await using at = await shown();
    at.world.story.change(reviseCommand(proposal));
    const answer = await (await at.click("U0ADA", "approve")).ephemeral();
    expect(answer.text).toContain(
      "Version 1 is superseded by version 2: look at the live card. Nothing was done.",
    );
    expect(at.world.people.checks).toEqual([]);
  });

  const value = `v1|${changeId}|1|${proposal.digest}`;
  const tamperings: [string, (payload: Record<string, never>) => void][] = [
    ["team.id", (payload) => void Object.assign(payload["team"] ?? {}, { id: "T0OTHER" })],
    ["team missing", (payload) => void Reflect.deleteProperty(payload, "team")],
    ["api_app_id", (payload) => void Object.assign(payload, { api_app_id: "A0OTHER" })],
    ["channel.id", (payload) => void Object.assign(payload["channel"] ?? {}, { id: "C0CLOSED" })],
    [
      "container.channel_id",
      (payload) => void Object.assign(payload["container"] ?? {}, { channel_id: "C0CLOSED" }),
    ],
    [
      "container.message_ts",
      (payload) => void Object.assign(payload["container"] ?? {}, { message_ts: "1.2" }),
    ],
    [
      "container.type",
      (payload) => void Object.assign(payload["container"] ?? {}, { type: "message_attachment" }),
    ],
    ["container.is_ephemeral", (payload) => retarget(payload, "1.2", { is_ephemeral: true })],
    ["message.ts", (payload) => void Object.assign(payload["message"] ?? {}, { ts: "1.2" })],
    ["all timestamps", (payload) => retarget(payload, "1.2")],
    ["change id", (payload) => revalue(payload, value.replace("CHG-0000000001", "CHG-0000000009"))],
    ["version", (payload) => revalue(payload, value.replace("|1|", "|2|"))],
    ["digest", (payload) => revalue(payload, `${value.slice(0, -4)}ffff`)],
    ["value format", (payload) => revalue(payload, `v9${value}`)],
    ["incident value", (payload) => revalue(payload, `v1|${incidentId}`)],
    [
      "two actions",
      (payload) =>
        void Object.assign(payload, { actions: [{ action_id: "approve" }, { action_id: "approve" }] }),
    ],
  ];

  it.each(tamperings)("decide nothing with another %s", async (_, tamper) => {
    await using at = await shown();
    const { world, channel, ts } = at;
    for (const action of ["approve", "reject", "details"]) {
      const payload = typed<Record<string, never>>(
        structuredClone(world.site.as("U0ADA").clickPayload(channel, ts, action)),
      );
      tamper(payload);
      await world.site.sendRaw(payload);
    }
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(world.site.as("U0ADA").topView()).toBeUndefined();
    expect(world.people.acts).toEqual([]);
    expect(world.people.checks).toEqual([]);
  });

  it("decide nothing by a form of another app or workspace", async () => {
    await using at = await shown();
    const { world } = at;
    const modal = await (await at.click("U0ADA", "approve")).view();
    await (await world.site.as("U0ADA").submit(modal.id, {})).ephemeral();
    const sent = world.site.deliveryLog.at(-1)?.payload;
    const acts = world.people.acts.length;
    for (const tampered of [{ api_app_id: "A0OTHER" }, { team: { id: "T0OTHER" } }]) {
      await world.site.sendRaw(typed({ ...structuredClone(sent), ...tampered }));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(acts).toBe(1);
    expect(world.people.acts).toHaveLength(acts);
  });
});

describe("when things are slow or broken", () => {
  it("acknowledges at once and opens a waiting form that is filled later", async () => {
    await using at = await shown({ slack: { limits: { openWithinMs: 150 } } });
    at.world.people.slowDown(500);
    const clicked = await at.click("U0ADA", "approve");
    expect(clicked.outcome).toMatchObject({ kind: "acked" });
    expect(clicked.outcome?.afterMs).toBeLessThan(500);
    await clicked.view((view) => view.callbackId === "waiting");
    const modal = await clicked.view((view) => view.callbackId === "vote");
    const submitted = await at.world.site.as("U0ADA").submit(modal.id, {});
    expect(submitted.outcome?.afterMs).toBeLessThan(400);
    await submitted.ephemeral();
    expect(at.world.people.acts).toHaveLength(1);
  });

  it("says in the waiting form, too, that somebody may not", async () => {
    await using at = await shown({ slack: { limits: { openWithinMs: 100 } } });
    at.world.people.slowDown(300);
    const clicked = await at.click("U0BEN", "approve");
    const notice = await clicked.view((view) => view.callbackId === "notice");
    expect(JSON.stringify(notice.blocks)).toContain("it takes a role that permits it");
    await clicked.ephemeral((message) => message.text.startsWith("Not done"));
  });

  it("never delays an acknowledgement when the store hangs, and says so in the end", async () => {
    await using at = await shown({ slack: { limits: { openWithinMs: 100, answerWithinMs: 400 } } });
    at.world.postings.hang(true);
    at.world.desk.hang(true);
    for (const action of ["approve", "acknowledge"]) {
      const clicked = await at.click("U0ADA", action);
      expect(clicked.outcome).toMatchObject({ kind: "acked" });
      expect(clicked.outcome?.afterMs).toBeLessThan(1000);
      expect((await clicked.ephemeral()).text).toContain("This cannot be done right now");
    }
    expect(at.world.people.acts).toEqual([]);
  });

  it("says that the store is down, and that identity cannot be checked", async () => {
    await using at = await shown();
    at.world.people.fail(true);
    expect((await (await at.click("U0ADA", "approve")).ephemeral()).text).toContain(
      "Please try again in a moment.",
    );
    at.world.desk.breakDown();
    expect((await (await at.click("U0ADA", "approve")).ephemeral()).text).toContain(
      "The database cannot be reached.",
    );
    expect(at.world.people.acts).toEqual([]);
  });

  it("opens one form for a click that is delivered twice", async () => {
    await using at = await shown();
    const payload = at.world.site.as("U0ADA").clickPayload(at.channel, at.ts, "approve");
    await Promise.all([at.world.site.sendRaw(payload), at.world.site.sendRaw(payload)]);
    await expect.poll(() => at.world.site.as("U0ADA").topView()?.callbackId).toBe("vote");
    const opened = at.world.site.changes.filter((change) => change.kind === "view_opened");
    expect(opened).toHaveLength(1);
    expect(at.world.site.ephemerals("U0ADA")).toEqual([]);
  });

  it("answers directly whom the channel does not show", async () => {
    await using at = await shown();
    at.world.site.faults.next("chat.postEphemeral", { kind: "error", error: "user_not_in_channel" });
    const clicked = await at.click("U0BEN", "approve");
    expect((await clicked.message((message) => message.channel.startsWith("D"))).text).toContain("Not done");
  });

  it("stays connected when Slack closes the socket", async () => {
    await using at = await shown();
    at.world.site.sockets.cut();
    await expect.poll(() => at.world.site.sockets.count(), { timeout: 15_000 }).toBe(1);
    await (await at.click("U0ADA", "acknowledge")).ephemeral();
  });
});

function retarget(payload: Record<string, never>, ts: string, more: object = {}): void {
  Object.assign(payload["container"] ?? {}, { message_ts: ts, ...more });
  Object.assign(payload["message"] ?? {}, { ts });
}

function revalue(payload: Record<string, never>, value: string): void {
  const [action] = typed<object[]>(payload["actions"]);
  Object.assign(action ?? {}, { value });
}

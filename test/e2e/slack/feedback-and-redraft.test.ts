import { describe, expect, it } from "vitest";
import { actionIdsOf, visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { changeId, incidentId } from "../../support/change-fixtures.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { createSlackWorld, type SlackWorld } from "./slack-world.ts";

async function press(world: SlackWorld, actionId: string, userId: string): Promise<string> {
  const { channel, ts } = await world.card();
  const pressed = await world.site.as(userId).click(channel, ts, actionId);
  return visibleText(await pressed.ephemeral());
}

async function cardOf(world: SlackWorld) {
  const { channel, ts } = await world.card();
  const message = world.site.message(channel, ts);
  if (message === undefined) throw new Error("the card is gone");
  return message;
}

/** A card whose flag was changed by somebody else since. */
async function outrun(): Promise<SlackWorld> {
  const world = await createSlackWorld();
  world.story.change({ command: "supersede", reason: "The flag has moved.", current: ["Flag: off"] });
  await world.show();
  return world;
}

describe("Redraft", () => {
  it("asks for a new look for whoever clicks it on a card that was superseded", async () => {
    await using world = await outrun();
    expect(actionIdsOf(await cardOf(world))).toContain("redraft");
    expect(await press(world, "redraft", "U0ADA")).toContain("looked at again");
    expect(world.people.acts).toEqual([{ act: "redraft", input: { changeId, userId: "U0ADA" } }]);
    expect(await press(world, "redraft", "U0BEN")).toContain("Not done: it takes a role that permits it");
  });

  it("is gone once somebody has asked, and the thread says who", async () => {
    await using world = await outrun();
    world.story.incident({ command: "redraft", changeId, userId: "U0ADA", name: "Ada" });
    await world.show();
    expect(actionIdsOf(await cardOf(world))).not.toContain("redraft");
    const { channel, ts } = await world.card();
    expect(world.site.thread(channel, ts).at(-1)?.text).toBe(
      `Ada asked for ${changeId} to be drafted anew. Looking again at what changed.`,
    );
  });

  it("leads to the open change where there is one", async () => {
    await using world = await outrun();
    world.people.refuseRedraft({ changeId, incidentId });
    const told = await press(world, "redraft", "U0ADA");
    expect(told).toContain(`${changeId} is open already`);
    expect(told).toContain(`the card of ${incidentId}`);
    const said = JSON.stringify(world.site.ephemerals("U0ADA").at(-1)?.blocks);
    expect(said).toMatch(/<http[^|]*\|the card of/);
  });
});

describe("Useful and Not useful", () => {
  it("are on a card without a change, and take an answer of whoever clicks", async () => {
    await using world = await outrun();
    world.story.incident({ command: "redraft", changeId, userId: "U0ADA", name: "Ada" });
    world.story.incident({
      command: "record_assessment",
      assessment: assessmentWith({ candidateId: null, abstention: "It was the deploy." }),
      candidates: [],
      transcript: null,
    });
    await world.show();
    expect(actionIdsOf(await cardOf(world))).toEqual(expect.arrayContaining(["useful", "not_useful"]));
    expect(await press(world, "useful", "U0ADA")).toContain("Thank you.");
    expect(await press(world, "not_useful", "U0ADA")).toContain("Thank you.");
    expect(world.people.acts).toEqual([
      { act: "giveFeedback", input: { incidentId, userId: "U0ADA", useful: true } },
      { act: "giveFeedback", input: { incidentId, userId: "U0ADA", useful: false } },
    ]);
    world.story.incident({ command: "give_feedback", userId: "U0ADA", name: "Ada", useful: false });
    await world.show();
    expect(visibleText(await cardOf(world))).toContain("Was this useful? Yes: 0. No: 1.");
    const { channel, ts } = await world.card();
    expect(
      world.site
        .thread(channel, ts)
        .map(({ text }) => text)
        .join("\n"),
    ).not.toContain("seful");
  });
});

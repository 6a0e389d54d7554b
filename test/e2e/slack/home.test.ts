import { describe, expect, it } from "vitest";
import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { createSlackWorld, type SlackWorld } from "./slack-world.ts";

function showStory({ people, story }: SlackWorld): void {
  const { incident, changes } = story.view();
  people.showAtHome({
    kind: "shown",
    waiting: changes,
    incidents: [incident],
    modes: [],
    lowered: [],
    mayLower: true,
  });
}

describe.each(["socket", "http"] as const)("the home tab over %s", (transport) => {
  it("is made when it is opened and anew when asked, with links to the card", async () => {
    await using world = await createSlackWorld({ transport });
    await world.show();
    const ada = world.site.as("U0ADA");
    const first = await (await ada.openHome()).view();
    expect(first.type).toBe("home");
    expect(visibleText(first)).toContain("Nothing waits for you.");
    showStory(world);
    const second = await (await ada.act(first.id, "home_refresh")).view();
    expect(second.id).toBe(first.id);
    expect(visibleText(second)).toContain("Waiting for your decision: 1");
    const { ts } = await world.card();
    expect(JSON.stringify(second.blocks).split(`/archives/C0OPS/p${ts.replace(".", "")}`)).toHaveLength(3);
    const opened = await ada.act(second.id, "open_link:CHG-0000000001");
    expect(opened.outcome).toMatchObject({ kind: "acked" });
  });
});

describe("the home tab", () => {
  it("is each person's own, and nobody's who opens another tab or comes from elsewhere", async () => {
    await using world = await createSlackWorld();
    showStory(world);
    await (await world.site.as("U0ADA").openHome()).view();
    expect(world.site.as("U0BEN").home()).toBeUndefined();
    const channel = "D0BEN";
    await world.site.sendEvent({ type: "app_home_opened", user: "U0BEN", channel, tab: "messages" });
    await (await world.site.as("U0ADA").openHome()).view();
    expect(world.site.as("U0BEN").home()).toBeUndefined();
  });

  it("says what is wrong while it cannot be read, and comes back", async () => {
    await using world = await createSlackWorld();
    world.people.fail(true);
    const ada = world.site.as("U0ADA");
    const broken = await (await ada.openHome()).view();
    expect(visibleText(broken)).toContain("The database cannot be reached.");
    world.people.fail(false);
    const mended = await (await ada.act(broken.id, "home_refresh")).view();
    expect(visibleText(mended)).toContain("No incident is open.");
  });

  it("opens the form that pauses, whose answer comes directly", async () => {
    await using world = await createSlackWorld();
    showStory(world);
    const ada = world.site.as("U0ADA");
    const home = await (await ada.openHome()).view();
    const form = await (
      await ada.act(home.id, "control_pause")
    ).view(({ callbackId }) => callbackId === "override");
    const sent = await ada.submit(form.id, { scope: "checkout", duration: "1h", reason: "a fire" });
    expect(sent.fieldErrors).toEqual({});
    const told = await sent.message(({ channel }) => channel.startsWith("D"));
    expect(visibleText(told)).not.toContain("Not done");
    expect(world.people.acts).toMatchObject([
      {
        act: "override",
        input: { scope: "checkout", reason: "a fire", userId: "U0ADA", wish: { kind: "mode", mode: "off" } },
      },
    ]);
  });

  it("decides nothing by a card's button, forged into it", async () => {
    await using world = await createSlackWorld();
    await world.show();
    showStory(world);
    const ada = world.site.as("U0ADA");
    const home = await (await ada.openHome()).view();
    const refresh = await ada.act(home.id, "home_refresh");
    await refresh.view();
    const sent = world.site.deliveryLog.findLast(({ kind }) => kind === "interactive");
    const card = await world.card();
    const { actions = [] } = ada.clickPayload(card.channel, card.ts, "approve");
    const since = world.site.position();
    await world.site.sendRaw({ ...sent?.payload, actions });
    const told = await world.site.waitFor(
      since,
      (change) => change.kind === "message_posted" && change.message,
      "a direct answer",
      5_000,
    );
    expect(visibleText(told)).toContain("This is not the live card, so nothing was done.");
    expect(world.people.acts).toEqual([]);
  });
});

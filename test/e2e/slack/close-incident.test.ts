import { expect, it } from "vitest";
import { incidentId, voteCommand } from "../../support/change-fixtures.ts";
import { createSlackWorld, proposal, type SlackWorld } from "./slack-world.ts";

async function typing(world: SlackWorld, text: string, userId = "U0ADA"): Promise<string> {
  const typed = await world.site.as(userId).command("/ops", text, "C0OPS");
  return JSON.stringify((await typed.ephemeral()).blocks);
}

it("closes the incident that is typed, with its reason, for whoever may", async () => {
  await using world = await createSlackWorld();
  expect(await typing(world, `close ${incidentId.toLowerCase()} it was  a drill`)).toContain(
    `${incidentId} is closed.`,
  );
  expect(world.people.acts).toEqual([
    { act: "closeIncident", input: { incidentId, userId: "U0ADA", reason: "it was a drill" } },
  ]);
  expect(await typing(world, `close ${incidentId} because`, "U0BEN")).toContain("Not done: it takes a role");
});

it.each([
  ["close", "Say which incident, and why"],
  [`close ${incidentId}`, "Say why"],
  ["close checkout because", "is no incident's id"],
  ["close <!channel> because", "&lt;!channel&gt;"],
])("says what is missing in /ops %s", async (text, wanted) => {
  await using world = await createSlackWorld();
  expect(await typing(world, text)).toContain(wanted);
  expect(world.people.acts).toEqual([]);
});

it("offers the button once nothing of the card is under way, and asks why", async () => {
  await using world = await createSlackWorld();
  await world.show();
  const actionIds = async () => {
    const { channel, ts } = await world.card();
    const card = world.site.messages(channel).find((message) => message.ts === ts);
    return JSON.stringify(card?.blocks);
  };
  expect(await actionIds()).not.toContain("close_incident");

  world.story.change(voteCommand(proposal, { vote: "reject", rationale: "Not the cause." }));
  await world.show();
  expect(await actionIds()).toContain("close_incident");
  const card = await world.card();
  const clicked = await world.site.as("U0ADA").click(card.channel, card.ts, "close_incident");
  const modal = await clicked.view((view) => view.callbackId === "close_incident");
  const empty = await world.site.as("U0ADA").submit(modal.id, {});
  expect(Object.keys(empty.fieldErrors)).toEqual(["reason"]);
  const sent = await world.site.as("U0ADA").submit(modal.id, { reason: "a drill" });
  expect(JSON.stringify(await sent.ephemeral())).toContain(`${incidentId} is closed.`);
  expect(world.people.acts).toEqual([
    { act: "closeIncident", input: { incidentId, userId: "U0ADA", reason: "a drill" } },
  ]);

  const refused = await world.site.as("U0BEN").click(card.channel, card.ts, "close_incident");
  expect(JSON.stringify(await refused.ephemeral())).toContain("Not done: it takes a role");
  expect(world.people.checks).toContainEqual({ userId: "U0BEN", action: "close" });
});

import { PNG } from "pngjs";
import { expect, it } from "vitest";
import { renderPlot } from "../../../src/adapters/plot/render-plot.ts";
import { asObject, asText } from "../../../src/sandbox/slack/json.ts";
import { incidentId } from "../../support/change-fixtures.ts";
import { createSlackWorld, type SlackWorld } from "./slack-world.ts";

const quick = { limits: { plotAgainMs: 20 } };

/** What the thread shows as pictures: file id and alt text. */
async function picturesIn(world: SlackWorld) {
  const { channel, ts } = await world.card();
  return world.site
    .thread(channel, ts)
    .flatMap(({ blocks }) => blocks.filter((block) => block["type"] === "image"))
    .map((block) => ({ file: asText(asObject(block["slack_file"])["id"]), alt: asText(block["alt_text"]) }));
}

const uploads = (world: SlackWorld) =>
  world.site.callLog.filter((call) => call.method === "files.completeUploadExternal").length;
const complaints = (world: SlackWorld) => world.logged.filter((line) => line.includes("A plot is not shown"));
const threadOf = async (world: SlackWorld) => {
  const { channel, ts } = await world.card();
  return world.site.thread(channel, ts).filter((message) => message.ts !== ts);
};

it("shows the metric as a picture in the thread, once, with its numbers for whoever cannot see it", async () => {
  await using world = await createSlackWorld({ slack: { drawPlot: renderPlot, ...quick } });
  await world.show();
  await world.show();
  const [picture, ...more] = await picturesIn(world);
  expect(more).toEqual([]);
  expect(picture?.alt).toContain("before");
  expect(picture?.alt).toContain("checkout_one_click");
  const file = world.site.file(picture?.file ?? "");
  const png = PNG.sync.read(Buffer.from(file?.bytes ?? new Uint8Array()));
  expect([png.width, png.height]).toEqual([960, 420]);
  expect(file?.mimetype).toBe("image/png");
  expect(uploads(world)).toBe(1);
  // After everything else: nobody waits for a picture.
  expect((await threadOf(world)).at(-1)?.blocks[0]?.["type"]).toBe("image");
  expect(await world.postings.ofSubject(incidentId)).toContainEqual(
    expect.objectContaining({ part: "plot/h1" }),
  );
});

it("waits for Slack to be done with the file, without sending it again", async () => {
  await using world = await createSlackWorld({
    sandbox: { fileProcessingMs: 150 },
    slack: { drawPlot: renderPlot, limits: { plotAgainMs: 60 } },
  });
  await world.show();
  expect(await picturesIn(world)).toHaveLength(1);
  expect(uploads(world)).toBe(1);
  const posts = world.site.callLog.filter(({ method }) => method === "chat.postMessage");
  expect(posts.length).toBeGreaterThan((await threadOf(world)).length + 1);
  expect(complaints(world)).toEqual([]);
});

it.each([
  ["cannot be drawn", { draw: true, method: "" }],
  ["is refused by its place", { draw: false, method: "files.getUploadURLExternal" }],
  ["is not taken at the end", { draw: false, method: "files.completeUploadExternal" }],
])("leaves card and thread whole when the picture %s, and says so once", async (_, { draw, method }) => {
  const drawPlot = draw ? () => Promise.reject(new Error("no letters")) : renderPlot;
  await using world = await createSlackWorld({ slack: { drawPlot, ...quick } });
  if (method !== "") world.site.faults.next(method, { kind: "error", error: "internal_error" }, 1000);
  await world.show();
  await world.show();
  expect(await picturesIn(world)).toEqual([]);
  expect(complaints(world)).toHaveLength(1);
  const said = (await threadOf(world)).map(({ text }) => text);
  expect(said).toHaveLength(3);
  expect(JSON.stringify(await threadOf(world))).toContain("Over time: ▁");
  world.story.incident({ command: "acknowledge", userId: "U0ADA", name: "Ada" });
  await world.show();
  expect((await threadOf(world)).at(-1)?.text).toBe("Ada is on it.");
  expect(complaints(world)).toHaveLength(1);
});

it("says which scope is missing, and goes on in words", async () => {
  await using world = await createSlackWorld({
    sandbox: { botScopes: ["chat:write", "commands", "usergroups:read", "users:read"] },
    slack: { drawPlot: renderPlot, ...quick },
  });
  await world.show();
  expect(await threadOf(world)).toHaveLength(3);
  expect(complaints(world).join()).toContain("lacks files:write");
  const asked = world.site.callLog.filter(({ method }) => method === "files.getUploadURLExternal");
  expect(asked).toHaveLength(1);
});

it("draws nothing where no metric was gathered", async () => {
  await using world = await createSlackWorld({ slack: { drawPlot: renderPlot, ...quick } });
  const { evidence } = world.story.view();
  if (evidence === null) throw new Error("the story has no evidence");
  world.story.gathered({ ...evidence, items: evidence.items.filter(({ kind }) => kind !== "metric") });
  await world.show();
  expect(uploads(world)).toBe(0);
});

import { describe, expect, it } from "vitest";
import { visibleText } from "../../../src/sandbox/slack/driver/visible-text.ts";
import { createSlackWorld } from "./slack-world.ts";

describe.each(["socket", "http"] as const)("looking into a message over %s", (transport) => {
  it("asks where, says what it read, and answers with a link to the card", async () => {
    await using world = await createSlackWorld({ transport });
    await world.show();
    const ada = world.site.as("U0ADA");
    const { ts } = world.site.as("U0BEN").post("C0OPS", "search is slow &lt;!channel&gt;");
    const form = await (await ada.shortcut("C0OPS", ts, "look_into")).view();
    expect(JSON.stringify(form.blocks)).toContain('"initial_value":"search is slow <!channel>"');
    expect(JSON.stringify(form.blocks)).toMatch(
      /"initial_option":\{"text":\{[^}]*"text":"search \/ staging"/,
    );
    const sent = await ada.submit(form.id, { text: "search is slow" });
    const told = visibleText(await sent.ephemeral());
    expect(told).toMatch(/It is being looked at\.\nIt is on <http\S+\|the card of INC-/);
    expect(world.people.acts).toMatchObject([
      {
        act: "lookInto",
        input: {
          service: "search",
          environmentName: "staging",
          text: "search is slow",
          messageId: `C0OPS/${ts}`,
        },
      },
    ]);
  });
});

describe("looking into a message", () => {
  it("is refused privately before any form, with whom to ask", async () => {
    await using world = await createSlackWorld();
    const ben = world.site.as("U0BEN");
    const { ts } = ben.post("C0OPS", "search is slow");
    const asked = await ben.shortcut("C0OPS", ts, "look_into");
    expect(visibleText(await asked.ephemeral())).toMatch(/Not done:.*Ask instead: .*reviewers/s);
    expect(ben.topView()).toBeUndefined();
  });

  it("waits for no card that does not come, and names no place by itself", async () => {
    await using world = await createSlackWorld({ slack: { limits: { newCardWithinMs: 300 } } });
    const ada = world.site.as("U0ADA");
    const { ts } = ada.post("C0OPS", "it is slow");
    const form = await (await ada.shortcut("C0OPS", ts, "look_into")).view();
    expect(JSON.stringify(form.blocks)).not.toContain("initial_option");
    const incomplete = await ada.submit(form.id, {});
    expect(Object.keys(incomplete.fieldErrors)).toEqual(["place"]);
    const sent = await ada.submit(form.id, { place: "0" });
    expect(visibleText(await sent.ephemeral())).toBe("It is being looked at.");
  });

  it("of another workspace is ignored", async () => {
    await using world = await createSlackWorld();
    const ada = world.site.as("U0ADA");
    const { ts } = ada.post("C0OPS", "search is slow");
    await (await ada.shortcut("C0OPS", ts, "look_into")).view();
    const payload = world.site.deliveryLog.findLast(({ kind }) => kind === "interactive")?.payload ?? {};
    const since = world.site.position();
    await world.site.sendRaw({ ...payload, team: { id: "T0ELSE", domain: "else" } });
    await expect.poll(() => world.logged.join("\n")).toContain("A shortcut was ignored");
    expect(world.site.changes.slice(since)).toEqual([]);
  });
});

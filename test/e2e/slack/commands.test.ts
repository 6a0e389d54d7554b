import { describe, expect, it, vi } from "vitest";
import type { ChainCheck } from "../../../src/domain/change/outcome.ts";
import { toInstant } from "../../../src/domain/ids.ts";
import { decisions, voteCommand } from "../../support/change-fixtures.ts";
import { createSlackWorld, proposal, type SlackWorld } from "./slack-world.ts";

function apply(world: SlackWorld, chain: ChainCheck = { kind: "intact" }): void {
  const { story } = world;
  story.change(voteCommand(proposal, { decision: decisions.allow() }));
  const { digest } = proposal;
  story.change({ command: "begin", operationId: "op-1", epoch: 1, digest, decision: decisions.allow() });
  const outcome = { kind: "applied" as const, revision: "rev-2", chain };
  story.change({ command: "record_outcome", operationId: "op-1", outcome });
}

async function typing(world: SlackWorld, command: string, text: string) {
  const typed = await world.site.as("U0BEN").command(command, text, "C0OPS");
  const message = await typed.ephemeral();
  return { message, words: JSON.stringify(message.blocks) };
}

describe.each(["socket", "http"] as const)("commands over %s", (transport) => {
  it("answer privately", async () => {
    await using world = await createSlackWorld({ transport });
    await world.show();
    const status = await typing(world, "/ops", "status");
    expect(status.message.visibleTo).toBe("U0BEN");
    expect(status.words).toContain("Database up, queue on postgres, drafter rules.");
    expect(status.words).toContain("`signalman-mode` = `approval_required`");
    const pending = await typing(world, "/ops", "pending");
    expect(pending.words).toContain("CHG-0000000001");
    expect(pending.words).toContain(`/archives/C0OPS/p${(await world.card()).ts.replace(".", "")}`);
    expect(world.site.messages("C0OPS")).toHaveLength(1);
  });
});

describe("/ops", () => {
  it("does not say who drafts where another process does", async () => {
    await using world = await createSlackWorld();
    vi.spyOn(world.desk, "status").mockResolvedValue({ ...(await world.desk.status()), drafter: null });
    expect((await typing(world, "/ops", "status")).words).toContain("Database up, queue on postgres.");
  });

  it("helps, and guesses what was meant", async () => {
    await using world = await createSlackWorld();
    expect((await typing(world, "/ops", "")).words).toContain("*What you can type*");
    expect((await typing(world, "/ops", "help")).words).toContain("`/ops cleanup`");
    expect((await typing(world, "/ops", "clenup now")).words).toContain("Did you mean `/ops cleanup`?");
    const odd = await typing(world, "/ops", "<!channel>");
    expect(odd.words).toContain("&lt;!channel&gt;");
    expect(odd.words).not.toContain("Did you mean");
  });

  it("cleanup lists what nobody has closed, with buttons that close it", async () => {
    await using world = await createSlackWorld();
    expect((await typing(world, "/ops", "cleanup")).words).toContain("Nothing is left to clean up.");
    apply(world);
    await world.show();
    const typed = await world.site.as("U0ADA").command("/ops", "cleanup", "C0OPS");
    const list = await typed.ephemeral();
    expect(JSON.stringify(list.blocks)).toContain("not closed");
    const clicked = await world.site.as("U0ADA").click("C0OPS", list.ts, "keep");
    const modal = await clicked.view((view) => view.callbackId === "closure");
    await (await world.site.as("U0ADA").submit(modal.id, {})).ephemeral();
    expect(world.people.acts).toMatchObject([{ act: "close", input: { resolution: "keep" } }]);
    const opened = await world.site.as("U0ADA").click("C0OPS", list.ts, "open_link:CHG-0000000001");
    expect(opened.outcome).toMatchObject({ kind: "acked" });
  });

  it("says when the store is down", async () => {
    await using world = await createSlackWorld();
    world.desk.breakDown();
    expect((await typing(world, "/ops", "status")).words).toContain("The database cannot be reached.");
  });
});

describe("/flags", () => {
  it("lists an environment and switches to another one in place", async () => {
    await using world = await createSlackWorld();
    const { message, words } = await typing(world, "/flags", "");
    expect(words).toContain("`prod_flag` *on*, On to everyone.");
    const chosen = await world.site
      .as("U0BEN")
      .click("C0OPS", message.ts, "flags_environment", { entry: "1" });
    const switched = await chosen.ephemeral((each) => JSON.stringify(each.blocks).includes("staging_flag"));
    expect(JSON.stringify(switched.blocks)).not.toContain("prod_flag");
  });

  it("shows one flag in words, and who changed it", async () => {
    await using world = await createSlackWorld();
    const { words } = await typing(world, "/flags", "checkout_one_click");
    expect(words).toContain("On. While off it would serve Off.");
    expect(words).toContain("by Dora Developer");
    expect(words).toContain("Flag: off → on");
    expect(words).toContain("https://flags.example.test/shop");
    expect((await typing(world, "/flags", "nothing")).words).toContain(
      "No catalogued environment has a flag `nothing`",
    );
  });
});

describe("a broken audit chain", () => {
  it("is restored by a button that asks first", async () => {
    await using world = await createSlackWorld();
    apply(world, {
      kind: "broken",
      auditEntryId: "a9",
      by: "Eve",
      changedAt: toInstant(0),
      lost: ["Default rule: On 50%"],
      restore: { call: "toggle", enabled: true },
    });
    await world.show();
    const { channel, ts } = await world.card();
    const declined = await world.site.as("U0ADA").click(channel, ts, "restore", { confirm: "deny" });
    expect(declined).toMatchObject({
      sent: false,
      confirm: { title: { text: "Draft the restoring change?" } },
    });
    await (await world.site.as("U0ADA").click(channel, ts, "restore")).ephemeral();
    expect(world.people.acts).toMatchObject([{ act: "restoreOverwritten", input: { userId: "U0ADA" } }]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IncidentState } from "../../src/domain/incident/incident.ts";
import { actionIdsOf, visibleText } from "../../src/sandbox/slack/driver/visible-text.ts";
import { expectFolded, readStore } from "../support/ledger-check.ts";
import { openShop, type Shop } from "../support/open-shop.ts";
import { startSignalman } from "../support/signalman.ts";
import { until } from "../support/until.ts";

const flagKey = "checkout_one_click";

let shop: Shop;
async function openOne(): Promise<void> {
  shop = await openShop();
}
const closeIt = (): Promise<void> => shop[Symbol.asyncDispose]();

async function openIncidents(): Promise<IncidentState[]> {
  await using opened = await readStore(shop.folder);
  const loaded = await opened.store.ledger.incidents({ open: true, limit: 10 });
  return loaded.map(({ state }) => state);
}

/** An incident of its own in this mode; ended when `look` has seen what came of it. */
async function inMode(mode: string, look: () => Promise<void>): Promise<void> {
  const { play, signalman, world } = shop;
  await play.setControl("signalman-mode", mode);
  const alert = world.trouble.alert("checkout");
  await play.fire(signalman.doorUrl, "checkout", alert);
  await look();
  await play.resolve(signalman.doorUrl, alert);
  await until(
    "the incident to be resolved",
    async () => (await openIncidents()).every(({ status }) => status !== "open"),
    { everyMs: 200 },
  );
  // Longer than `reopenWithin` of the world's settings.
  await new Promise((resolve) => setTimeout(resolve, 1100));
}

const investigated = () =>
  until(
    "the incident to be investigated",
    async () => {
      const [incident] = await openIncidents();
      return incident !== undefined && (incident.assessment !== null || incident.withheld !== null)
        ? incident
        : null;
    },
    { everyMs: 200 },
  );

/** Lets the executor's first look at the flag take so long that something can happen before it decides. */
const slowRead = () =>
  shop.world.featbit.inject({
    server: "api",
    method: "GET",
    path: new RegExp(`/feature-flags/${flagKey}$`),
    does: { kind: "delay", delayMs: 2_500 },
  });

describe("the mode that FeatBit sets", () => {
  beforeAll(openOne);
  afterAll(closeIt);

  it("off: the incident is recorded and nothing else happens", async () => {
    await inMode("off", async () => {
      expect(await investigated()).toMatchObject({ withheld: { mode: "off" }, assessment: null });
      expect(shop.play.cards()).toEqual([]);
    });
  });

  it("observe: a draft in the ledger, no card", async () => {
    await inMode("observe", async () => {
      expect((await investigated()).assessment?.candidateId).toMatch(/^C\d+$/);
      expect(shop.play.cards()).toEqual([]);
      const { changes } = await expectFolded(shop.folder);
      expect(changes).toHaveLength(1);
      expect(changes[0]).toMatchObject({ status: "shown", decision: { kind: "constrain", mode: "observe" } });
    });
  });

  it("search_only: evidence and suspects, no candidate and no button for one", async () => {
    await inMode("search_only", async () => {
      const card = await shop.play.cardWith("*Mode search_only:*");
      expect(visibleText(card)).toMatch(/Suspect:\* flag `checkout_one_click`/);
      expect(visibleText(card)).not.toContain("*Proposed change*");
      const offered = ["useful", "not_useful", "acknowledge", "mute_service", "close_incident"];
      expect(actionIdsOf(card)).toEqual(offered);
    });
  });

  it("fallback: rules look, nothing is offered, and the runbook's steps stand on the card", async () => {
    await inMode("fallback", async () => {
      const card = await shop.play.cardWith("*Mode fallback:*");
      expect(visibleText(card)).toContain("By hand, says the runbook:");
      expect(visibleText(card)).not.toContain("*Proposed change*");
      expect(actionIdsOf(card)).not.toContain("approve");
    });
  });

  it("draft_write: the candidate to be done by hand, no approval", async () => {
    await inMode("draft_write", async () => {
      const card = await shop.play.cardWith("*Proposed change*");
      expect(visibleText(card)).toContain("Turn checkout_one_click off");
      expect(actionIdsOf(card)).not.toContain("approve");
      expect(actionIdsOf(card)).not.toContain("reject");
      expect(visibleText(card)).toMatch(/by hand/i);
    });
  });

  it("a denied tool: the change is denied, and the card says why", async () => {
    await shop.play.setControl("signalman-denied-tools", '["flag.turn_off"]');
    await inMode("approval_required", async () => {
      const card = await shop.play.cardWith("*Denied by policy*");
      expect(visibleText(card)).toContain("flag.turn_off is on the deny list");
      expect(actionIdsOf(card)).not.toContain("approve");
    });
    await shop.play.setControl("signalman-denied-tools", "[]");
  });
});

/** In a shop of their own: lines of all incidents share the channel's pace of a message a second. */
describe("what is taken away after the approval", () => {
  beforeAll(openOne);
  afterAll(closeIt);

  it("the mode is lowered between approval and execution: nothing is written", async () => {
    const { play } = shop;
    await inMode("approval_required", async () => {
      await play.cardOffering("approve");
      slowRead();
      expect(await play.approve("ruth")).toContain("Approved");
      await play.setControl("signalman-mode", "search_only");
      await play.threadWith(/was denied: .*signalman-mode says search_only/, 30_000);
      expect(actionIdsOf(await play.cardWith("*Denied by policy*"))).not.toContain("approve");
    });
    expect(play.mutationsOf(flagKey)).toEqual([]);
    expect(play.flag(flagKey).isEnabled).toBe(true);
  }, 90_000);

  it("the approver loses the role between click and execution: the vote no longer counts", async () => {
    const { play, world } = shop;
    await inMode("approval_required", async () => {
      await play.cardOffering("approve");
      slowRead();
      expect(await play.approve("ruth")).toContain("Approved");
      await world.slack.workspace.setUserGroup("S0RELEASE", [world.people.pavel.id]);
      await play.threadWith(/The votes on CHG-\S+ no longer count/, 30_000);
      expect(play.mutationsOf(flagKey)).toEqual([]);
      await play.cardOffering("approve");
      expect(await play.toldAfter("ruth", "approve")).toMatch(/^Not done/);
      expect(await play.approve("pavel")).toContain("Approved");
      await play.cardWith("*Applied*");
    });
    expect(play.mutationsOf(flagKey)).toHaveLength(1);
    expect(play.mutationsOf(flagKey)[0]?.comment).toContain("approved by Pavel Novak");
    expect(play.mutationsOf(flagKey)[0]?.comment).not.toContain("Ruth");
  }, 90_000);

  it("FeatBit's evaluation server is away at the start: search_only, and the card says why", async () => {
    const { world, play, folder, signalman } = shop;
    await signalman[Symbol.asyncDispose]();
    await world.trouble.repeat("checkout");
    const away = {
      apiUrl: world.featbit.apiUrl,
      streamingUrl: "ws://127.0.0.1:9",
      eventsUrl: "http://127.0.0.1:9",
    };
    const settings = { ...world.settings, featbit: away };
    await using second = await startSignalman({ settings, env: world.env }, folder);
    await play.fire(second.doorUrl, "search");
    const card = await play.cardWith(/SearchSlow[^]*\*Mode search_only:\*/, 20_000);
    expect(actionIdsOf(card)).not.toContain("approve");
    expect(await play.status()).toMatch(/signalman-mode` = `search_only` \(FeatBit has not answered yet/);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { userMessage } from "../../../src/adapters/openai/user-message.ts";
import { renderCard } from "../../../src/adapters/slack/card/render-card.ts";
import { type Instant, later } from "../../../src/domain/ids.ts";
import { streamOf } from "../../../src/domain/ledger/stream.ts";
import { Roles } from "../../../src/domain/policy/roles.ts";
import { namedPlace } from "../../../src/pipeline/people/named-place.ts";
import { personActions } from "../../../src/pipeline/people/person-actions.ts";
import { readIncident } from "../../../src/pipeline/people/read-incident.ts";
import type { ActionAnswer, LookIntoInput } from "../../../src/pipeline/ports/person-actions.ts";
import { troubleBeganAt } from "../../../src/pipeline/trouble-began-at.ts";
import { controlsWith, personWith } from "../../support/policy-fixtures.ts";
import { complaintsAbout, dangersIn, invisibleIn, textsOf } from "../slack/slack-text.ts";
import { createWorld, type World } from "./world.ts";

const corpus = (name: string) =>
  z
    .array(z.object({ id: z.string(), text: z.string() }))
    .parse(JSON.parse(readFileSync(`test/fixtures/corpora/${name}.json`, "utf8")));

function look(world: World, over: Partial<LookIntoInput> = {}): Promise<ActionAnswer> {
  return personActions(world.deps).lookInto({
    userId: "U0MAYA",
    service: "checkout",
    environmentName: "production",
    text: "Checkout is slow for a few customers",
    writtenAt: later(world.clock.now(), -600_000),
    messageId: "C0HELP/1.2",
    ...over,
  });
}

async function opened(world: World, over: Partial<LookIntoInput> = {}) {
  const answer = await look(world, over);
  if (answer.kind !== "done" || answer.incidentId === undefined) throw new Error(JSON.stringify(answer));
  const view = await readIncident(answer.incidentId, world.deps);
  if (view === null) throw new Error("it opened nothing");
  return view;
}

const work = (world: World) => [...world.store.tables.work.values()].map(({ stage }) => stage).toSorted();

describe("a message that is looked into", () => {
  it("becomes a request in its service's channel, to be shown and investigated from when it was written", async () => {
    const world = createWorld();
    const writtenAt = later(world.clock.now(), -600_000);
    const { incident } = await opened(world, { writtenAt });
    expect(incident).toMatchObject({
      kind: "request",
      status: "open",
      title: "Checkout is slow for a few customers",
      scope: { service: "checkout", environmentName: "production", project: "shop", environment: "prod" },
      channel: "C0CHECKOUT",
      requester: { kind: "person", userId: "U0MAYA", name: "Maya" },
    });
    expect(troubleBeganAt(incident)).toBe(writtenAt);
    expect(work(world)).toEqual(["investigate", "notify"]);
  });

  it("is one incident however often it is asked about at once, and its number is told again", async () => {
    const world = createWorld();
    const answers = await Promise.all(Array.from({ length: 8 }, () => look(world)));
    const ids = answers.map((answer) => (answer.kind === "done" ? answer.incidentId : answer.kind));
    expect(new Set(ids).size).toBe(1);
    expect(await world.store.ledger.incidents({ limit: 10 })).toHaveLength(1);
    expect(world.store.tables.events.length).toBe(1);
  });

  it.each([
    ["U0RITA", "done"], // everything everywhere
    ["U0MAYA", "done"], // on call
    ["U0NED", "refused"], // no role
  ])("by %s is %s", async (userId, kind) => {
    const world = createWorld();
    expect((await look(world, { userId })).kind).toBe(kind);
    const [incident] = await world.store.ledger.incidents({ limit: 10 });
    const events = await world.store.ledger.events(streamOf("incident", incident?.state.id ?? ""));
    expect(events.map(({ type }) => type)).toEqual(
      kind === "done" ? ["incident_opened"] : ["incident_opened", "action_refused", "incident_closed"],
    );
    expect(work(world)).toEqual(kind === "done" ? ["investigate", "notify"] : []);
  });

  it("is for whoever may ask for a change there, since a draft may come of it", async () => {
    const world = createWorld();
    const roles = Roles.parse({
      roles: {
        owner: { users: ["U0OMAR"], permit: [{ actions: ["propose"], risks: ["reversible_write"] }] },
        platform: { users: ["U0NED"], permit: [{ actions: ["acknowledge"] }] },
      },
    });
    world.deps.rulebook = { ...world.deps.rulebook, roles };
    expect((await look(world, { userId: "U0NED" })).kind).toBe("refused");
    expect((await look(world, { userId: "U0OMAR" })).kind).toBe("done");
  });

  it("offers the places of whoever may, with the one that it names, and records who may nowhere", async () => {
    const world = createWorld();
    const actions = personActions(world.deps);
    expect(await actions.offerPlaces({ userId: "U0MAYA", text: "is Search slow?" })).toMatchObject({
      kind: "offered",
      places: [{ service: "checkout" }, { service: "search" }],
      named: { service: "search", environmentName: "production" },
    });
    world.identity.people.set("U0GUS", personWith({ userId: "U0GUS", isRestricted: true }));
    expect(await actions.offerPlaces({ userId: "U0GUS", text: "let me in" })).toMatchObject({
      kind: "refused",
    });
    const [refused] = await world.store.ledger.incidents({ limit: 10 });
    expect(refused?.state).toMatchObject({ status: "closed", title: "let me in", scope: null });
    expect(work(world)).toEqual([]);
  });

  it.each<[string, (now: Instant) => Partial<LookIntoInput>]>([
    ["of which nothing is left", () => ({ text: " \u200b\n" })],
    ["of a service that is not in the catalogue", () => ({ service: "payments" })],
    ["of an environment that it does not have", () => ({ environmentName: "moon" })],
    ["that is older than a day", (now) => ({ writtenAt: later(now, -86_400_001) })],
  ])("%s is refused, and opens nothing", async (_, over) => {
    const world = createWorld();
    expect(await look(world, over(world.clock.now()))).toMatchObject({ kind: "refused" });
    expect(world.store.tables.events.length).toBe(0);
  });

  it("of tomorrow is one of now, and no credential in it is kept", async () => {
    const world = createWorld();
    const text = `it fails with ${["password", "hunter2hunter2"].join("=")} since noon`;
    const { incident } = await opened(world, { writtenAt: later(world.clock.now(), 86_400_000), text });
    expect(troubleBeganAt(incident)).toBe(incident.openedAt);
    expect(
      JSON.stringify([...(await world.store.ledger.events(streamOf("incident", incident.id)))]),
    ).not.toContain("hunter2");
  });
});

describe("what a message says", () => {
  const facts = {
    expandable: false,
    standable: false,
    linkedCardUrl: null,
    flagUrl: null,
    consoleUrl: null,
    misplaced: null,
  };
  const texts = [...corpus("mrkdwn-attacks"), ...corpus("ops-alert-injections")];

  it.each(texts)("$id ends as words on the card, and as a string in a prompt", async ({ id, text }) => {
    const world = createWorld();
    const { incident, ...view } = await opened(world, { text: `x ${text}`, messageId: id });
    expect(incident.scope?.service).toBe("checkout");
    const card = renderCard({ incident, ...view }, facts);
    expect(complaintsAbout(card)).toEqual([]);
    const { mrkdwn, plain } = textsOf(card.blocks);
    expect([...mrkdwn, card.text].flatMap((each) => dangersIn(each))).toEqual([]);
    expect(plain.flatMap(invisibleIn)).toEqual([]);
    const at = world.clock.now();
    const prompt = userMessage({
      incident,
      service: null,
      evidence: { from: at, to: at, items: [], gaps: [] },
      candidates: [],
      controls: controlsWith(),
    });
    const { incident: asked } = z
      .object({ incident: z.object({ askedAbout: z.object({ message: z.string() }) }) })
      .parse(JSON.parse(prompt));
    expect(asked.askedAbout.message.startsWith("x")).toBe(true);
    expect(world.flags.writes).toEqual([]);
  });
});

describe("the place that a text names", () => {
  const places = [
    "checkout production",
    "checkout staging",
    "search production",
    "checkout-api production",
  ].map((each) => {
    const [service = "", environmentName = ""] = each.split(" ");
    return { service, environmentName };
  });
  it.each([
    ["Search is slow", "search production"],
    ["checkout in staging answers 500", "checkout staging"],
    ["checkout is slow", null],
    ["checkouts in staging", null],
    ["CHECKOUT-API, again", "checkout-api production"],
    ["Is it search.", "search production"],
    ["(search)", "search production"],
    ["research.example says so", null],
    ["search and checkout in staging", "checkout staging"],
    ["nothing of ours", null],
  ])("%s: %s", (text, named) => {
    const place = namedPlace(text, places);
    expect(place === null ? null : `${place.service} ${place.environmentName}`).toBe(named);
  });
});

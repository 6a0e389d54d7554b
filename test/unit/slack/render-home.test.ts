import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  renderHome,
  renderUnreadable,
  shownIncidents,
} from "../../../src/adapters/slack/home/render-home.ts";
import type { ChangeState } from "../../../src/domain/change/change.ts";
import { ChangeId, IncidentId } from "../../../src/domain/ids.ts";
import type { Home, PlaceMode } from "../../../src/pipeline/ports/home.ts";
import { validateView } from "../../../src/sandbox/slack/blocks/validate-view.ts";
import type { Json } from "../../../src/sandbox/slack/json.ts";
import { decisions, onFlag, propose, proposalFor } from "../../support/change-fixtures.ts";
import { investigated, plainWording } from "../../support/story.ts";
import { typed } from "../../support/typed.ts";
import { dangersIn, invisibleIn, textsOf } from "./slack-text.ts";

const Attacks = z.array(z.object({ id: z.string(), text: z.string() }));
const attacks = Attacks.parse(
  JSON.parse(readFileSync(new URL("../../fixtures/corpora/mrkdwn-attacks.json", import.meta.url), "utf8")),
);
const at = "2026-11-21T02:30:00.000Z";
const cardUrl = "https://shop.slack.com/archives/C0OPS/p1";

type Shown = Extract<Home, { kind: "shown" }>;

function homeOf(text = "", over: Partial<Shown> = {}): Shown {
  const story = investigated({ ...plainWording, ...(text !== "" && { title: text, service: text }) });
  const flag = onFlag(text === "" ? {} : { key: text, name: text });
  const proposal = { ...proposalFor({ tool: "flag.turn_off" }, flag), ...(text !== "" && { summary: text }) };
  const change = story.change(propose(decisions.queue(), proposal));
  story.incident({ command: "acknowledge", userId: "U1", name: text || "Ada" });
  const mode: PlaceMode = {
    service: text || "checkout",
    environmentName: text || "production",
    mode: "draft_write",
    lowered: [{ kind: "mode", rule: "override_mode", mode: "draft_write", reason: text || "Ruth set it." }],
    evaluations: [
      { key: "signalman-mode", value: text || "approval_required", reason: text || "fallthrough" },
    ],
  };
  const now = story.now();
  const lowered: Shown["lowered"][number] = {
    mayResume: true,
    state: {
      scope: text.slice(0, 80) || "checkout",
      overrides: [
        {
          wish: { kind: "mode", mode: "off" },
          at: now,
          until: now,
          reason: text || "a fire",
          userId: "U1",
          name: text || "Ruth",
        },
      ],
      lowered: { at: now, mode: "draft_write", reason: text || "too many were rejected", evidence: [] },
      resumeAsked: [],
      resumedAt: null,
    },
  };
  return {
    kind: "shown",
    waiting: [change],
    incidents: [story.view().incident],
    modes: [mode],
    lowered: [lowered],
    mayLower: true,
    ...over,
  };
}

function render(home: Home) {
  const cardUrls = new Map(shownIncidents(home).map((id) => [id, cardUrl]));
  return renderHome(home, { cardUrls, at });
}

function complaints(view: unknown): string[] {
  return validateView(typed<Json>(structuredClone(view)), "home").map((issue) => JSON.stringify(issue));
}

function wordsOf(view: unknown): string {
  return textsOf(view).mrkdwn.join("\n");
}

const many = <T>(make: (index: number) => T) => Array.from({ length: 100 }, (_, index) => make(index));
const id = (index: number) => String(index).padStart(10, "0");

describe("the home tab", () => {
  it("shows what waits for the person, what is open, and the mode with its reasons", () => {
    const view = render(homeOf());
    expect(complaints(view)).toEqual([]);
    const words = wordsOf(view);
    expect(words).toContain("*Waiting for your decision: 1*");
    expect(words).toMatch(/\*CHG-0000000001\*: .*Asked by alert source alertmanager\..* Expires <!date/s);
    expect(words).toContain("*Critical: Checkout errors are high*");
    expect(words).toMatch(/checkout, production\. Since <!date.*severity critical\. On it: Ada\./);
    expect(words).toContain("*draft_write*: `checkout` production");
    expect(words).toContain("Ruth set it.");
    expect(words).toContain("The flag `signalman-mode` says `approval_required` (fallthrough).");
    const buttons = JSON.stringify(view);
    expect(buttons.split(cardUrl)).toHaveLength(3);
    expect(buttons).toContain('"action_id":"home_refresh"');
    expect(words).toMatch(/Signalman for `checkout`: .*until <!date.*by Ruth: a fire/);
    expect(words).toContain("too many were rejected");
  });

  it("offers to pause and to resume to whoever may, and to nobody else", () => {
    const { lowered } = homeOf();
    const mine = JSON.stringify(render(homeOf()));
    expect(mine).toContain("control_pause");
    expect(mine).toContain('"control_resume"');
    const barred = lowered.map(({ state }) => ({ state, mayResume: false }));
    expect(JSON.stringify(render(homeOf("", { mayLower: false, lowered: barred })))).not.toMatch(/control_/);
  });

  it("says so where there is nothing, and where it may not or cannot be shown", () => {
    const empty = render({
      kind: "shown",
      waiting: [],
      incidents: [],
      modes: [],
      lowered: [],
      mayLower: false,
    });
    expect(wordsOf(empty)).toMatch(/Nothing waits for you\..*No incident is open\./s);
    const barred = render({ kind: "barred", reason: "guests decide nothing" });
    expect(wordsOf(barred)).toContain("nothing to decide for you here: guests decide nothing.");
    const away = render({ kind: "unavailable", reason: "Slack could not be asked who you are (timeout)" });
    expect(wordsOf(away)).toContain("cannot be shown right now");
    for (const view of [empty, barred, away, renderUnreadable(["The database is away."], at)]) {
      expect(complaints(view)).toEqual([]);
      expect(JSON.stringify(view)).toContain("home_refresh");
    }
  });

  it("stays inside Slack's limits however much there is, and says how much it leaves out", () => {
    const { waiting, incidents, modes, lowered } = homeOf();
    const long = "x".repeat(3000);
    const [change] = waiting;
    const [incident] = incidents;
    const [mode] = modes;
    const [low] = lowered;
    if (change === undefined || incident === undefined || mode === undefined || low === undefined)
      throw new Error("a fixture");
    const proposal: ChangeState["proposal"] = { ...change.proposal, summary: long };
    const [override] = low.state.overrides;
    if (override === undefined) throw new Error("a fixture");
    const home: Shown = {
      kind: "shown",
      mayLower: true,
      lowered: many((index) => ({
        ...low,
        state: {
          ...low.state,
          scope: `s${index}`,
          overrides: Array.from({ length: 20 }, () => ({ ...override, reason: long })),
        },
      })),
      waiting: many((index) => ({ ...change, id: ChangeId.parse(`CHG-${id(index)}`), proposal })),
      incidents: many((index) => ({ ...incident, id: IncidentId.parse(`INC-${id(index)}`), title: long })),
      modes: many((index) => ({
        ...mode,
        environmentName: long,
        lowered: Array.from({ length: 40 }, () => ({
          kind: "strict",
          rule: "r",
          reason: `${index} ${long}`,
        })),
      })),
    };
    const view = render(home);
    expect(complaints(view)).toEqual([]);
    expect(view.blocks.length).toBeLessThanOrEqual(100);
    const words = wordsOf(view);
    expect(words).toContain("… and 80 more: `/ops pending`.");
    expect(words).toContain("… and 80 more: `/ops status`.");
    expect(words).toContain("… and 70 more: `/ops status`.");
    expect(words).toContain("… and 90 more: `/ops controls`.");
    const same = render({
      ...home,
      waiting: [],
      incidents: [],
      modes: many((n) => ({ ...mode, service: `s${n}` })),
    });
    expect(wordsOf(same)).toContain("88 more places");
  });

  it.each(attacks)("$id pings nobody, links nowhere and hides nothing", ({ text }) => {
    const view = render(homeOf(text));
    expect(complaints(view)).toEqual([]);
    const { mrkdwn, plain } = textsOf(view);
    expect(mrkdwn.flatMap((each) => dangersIn(each))).toEqual([]);
    expect(plain.flatMap(invisibleIn)).toEqual([]);
  });
});

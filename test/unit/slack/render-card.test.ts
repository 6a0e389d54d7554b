import { describe, expect, it } from "vitest";
import { renderCard, type CardFacts } from "../../../src/adapters/slack/card/render-card.ts";
import type { ChainCheck } from "../../../src/domain/change/outcome.ts";
import { EvidenceItem } from "../../../src/domain/evidence/evidence.ts";
import { ChangeId, toInstant } from "../../../src/domain/ids.ts";
import { type ApprovalRequirement, Decision } from "../../../src/domain/policy/decision.ts";
import type { IncidentView } from "../../../src/pipeline/ports/announcer.ts";
import { asObject, asObjects, asText, type JsonObject } from "../../../src/sandbox/slack/json.ts";
import {
  changeId,
  decisions,
  propose,
  proposalFor,
  requirement,
  reviseCommand,
  voteCommand,
} from "../../support/change-fixtures.ts";
import { assessmentWith } from "../../support/incident-fixtures.ts";
import { investigated, type Story } from "../../support/story.ts";
import { typed } from "../../support/typed.ts";
import { complaintsAbout, textsOf } from "./slack-text.ts";

const facts: CardFacts = {
  expandable: false,
  standable: false,
  linkedCardUrl: null,
  flagUrl: null,
  consoleUrl: null,
  misplaced: null,
};
const proposal = proposalFor();
const { digest } = proposal;
const other = ChangeId.parse("CHG-0000000002");

function card(view: IncidentView, more: Partial<CardFacts> = {}) {
  const message = renderCard(view, { ...facts, ...more });
  expect(complaintsAbout(message)).toEqual([]);
  const { mrkdwn, plain } = textsOf(message.blocks);
  const blocks = typed<JsonObject[]>(message.blocks);
  const elements = blocks
    .filter((block) => block["type"] === "actions")
    .flatMap((block) => asObjects(block["elements"]));
  return {
    text: message.text,
    words: [...plain, ...mrkdwn].join("\n"),
    buttons: elements.map((element) => asText(asObject(element["text"])["text"])),
    blockIds: blocks.map((block) => asText(block["block_id"])),
  };
}

function awaiting(decision: Decision = decisions.queue()): Story {
  const story = investigated();
  story.change(propose(decision, proposal));
  return story;
}

function needing(over: Partial<ApprovalRequirement>): Decision {
  return Decision.parse({ ...decisions.queue(), requirement: { ...requirement(), ...over } });
}

function approved(): Story {
  const story = awaiting();
  story.change(voteCommand(proposal, { decision: decisions.allow() }));
  return story;
}

function executing(): Story {
  const story = approved();
  story.change({ command: "begin", operationId: "op-1", epoch: 1, digest, decision: decisions.allow() });
  return story;
}

function applied(chain: ChainCheck = { kind: "intact" }): Story {
  const story = executing();
  const outcome = { kind: "applied" as const, revision: "rev-2", chain };
  story.change({ command: "record_outcome", operationId: "op-1", outcome });
  return story;
}

const followUps = ["Keep", "Roll back", "Clean up"];
const ack = ["I'm on it", "Mute service"];
const ackOrPause = [...ack, "Pause Signalman"];
/** Where nothing of the card is under way. */
const ackOrClose = [...ack, "Close incident"];

describe("the card", () => {
  it("says first what is wrong, since when, how bad and where", () => {
    const { words, text } = card(awaiting().view());
    expect(words.split("\n")[0]).toBe("Critical: Checkout errors are high");
    expect(words).toContain("*Where:* `checkout` in *production* (`shop` / `prod`)");
    expect(words).toContain("2026-11-21 01:59 UTC");
    expect(text).toContain("Turn checkout_one_click off");
    expect(text).toContain("awaiting approval");
  });

  it("counts from the relapse after one, and all alerts that fire", () => {
    const once = investigated().view();
    const { alerts, episodeStartedAt } = once.incident;
    const again = toInstant(Date.parse(episodeStartedAt) + 7_200_000);
    const relapse = alerts.map((known) => ({
      ...known,
      alert: { ...known.alert, fingerprint: "f2", startedAt: again },
      joinedAt: again,
    }));
    const { words } = card({
      ...once,
      incident: {
        ...once.incident,
        episodeStartedAt: again,
        alerts: [...alerts, ...relapse],
        otherAlerts: { firing: ["f3"], ended: ["f4"] },
        alertCount: 4,
      },
    });
    expect(words).toContain(`*Since:* <!date^${Date.parse(again) / 1000}`);
    expect(words).toContain("4 alerts, 3 firing.");
  });

  it("names the suspect, who changed it, how long before, how sure, and what else was considered", () => {
    const { words } = card(awaiting().view());
    expect(words).toContain(
      "flag `checkout_one_click`, changed by Dora Developer, 12 min before the alert (E1)",
    );
    expect(words).toContain("*How sure:* high");
    expect(words).toContain("(E1, E2)");
    expect(words).toContain("flag `checkout_theme`, low (E3)");
    expect(words).toContain("Drafted by rules, because the model was late.");
    expect(words).toContain("Not known: deploys (no answer in 5 s)");
  });

  it("shows change, exposure and reverse in words, and what approval it needs until when", () => {
    const shown = card(awaiting().view());
    expect(shown.words).toContain("Flag: on → off, everyone gets Off");
    expect(shown.words).toContain("Flag: off → on");
    expect(shown.words).toContain("About 100% of users");
    expect(shown.words).toContain("needs 1 approval by *release-manager*");
    expect(shown.words).toContain("Then nothing is changed");
    expect(shown.buttons).toEqual(["Approve", "Reject", "Edit", "Details", ...ackOrPause]);
  });

  it.each([
    [{ kind: "mode", rule: "override_mode", mode: "off", reason: "Ruth <set> it" }, true],
    [{ kind: "deny_tool", rule: "override_deny", tool: "flag.turn_off", reason: "Ruth <set> it" }, true],
    [{ kind: "deny_tool", rule: "override_deny", tool: "flag.turn_on", reason: "Ruth <set> it" }, false],
    [{ kind: "strict", rule: "override_strict", reason: "Ruth <set> it" }, false],
  ] as const)("says that approval is not possible now under %j: %s", (lowering, isStopped) => {
    const shown = card({ ...awaiting().view(), lowered: [lowering] });
    expect(shown.words.includes("*No approval is possible now.* Ruth &lt;set&gt; it")).toBe(isStopped);
    expect(shown.buttons.includes("Approve")).toBe(!isStopped);
    expect(shown.buttons).toContain("Reject");
  });

  it("says what has to be stated, what is missing, who may decide by now, and by when it should be", () => {
    const minute = 60_000;
    const asking = needing({
      requiredRoles: ["security"],
      recentEditors: ["U0DORA"],
      raisedBecause: ["It moves everybody."],
      attestation: "No code asks for it.",
      breakGlassRoles: ["release-manager"],
      timeoutFallback: "draft_write",
      chase: [
        { kind: "sla_missed", afterMs: 10 * minute, roles: [] },
        { kind: "escalation", afterMs: 20 * minute, roles: ["on-call"] },
      ],
    });
    const story = awaiting(asking);
    const before = card(story.view());
    expect(before.words).toContain("needs 1 approval by *release-manager* or *security*.");
    expect(before.words).toContain("*security* must be among them.");
    expect(before.words).toContain("*To be stated before anybody approves:* No code asks for it.");
    expect(before.words).toContain("Whoever changed the flag lately cannot be the only approver.");
    expect(before.words).toMatch(/A decision is expected by <!date/);
    expect(before.words).toContain("can still do it by hand");
    expect(before.buttons).toEqual([
      "Approve",
      "Reject",
      "State it",
      "Edit",
      "Details",
      ...ackOrPause,
      "Emergency …",
    ]);

    story.change({ command: "attest", person: { userId: "U0ANN", name: "Ann" }, version: 1, digest });
    story.pass(20);
    story.change({ command: "chase" });
    const after = card(story.view());
    expect(after.words).toMatch(/\*Stated\* by Ann .*: No code asks for it\./);
    expect(after.words).toContain("*on-call* may decide as well by now");
    expect(after.words).toMatch(/A decision was expected .* and is overdue\./);
    expect(after.buttons).toEqual(["Approve", "Reject", "Edit", "Details", ...ackOrPause, "Emergency …"]);

    story.pass(20);
    story.change({ command: "expire" });
    const flagUrl = "https://flags.example.test/shop";
    expect(card(story.view(), { flagUrl }).words).toContain(
      `Whoever may change the flag can do it by hand <${flagUrl}|in FeatBit>.`,
    );
  });

  it("says of an edited draft which version it is, whose, and what they changed", () => {
    const story = awaiting();
    story.change(reviseCommand(proposal, { editor: { userId: "U0MAYA", name: "Maya <!here>" } }));
    expect(card(story.view()).words).toMatch(
      /\*Version 2, edited by Maya &lt;!here&gt;\* .*: Off → Serve On while off\./,
    );
  });

  it("says that it was an emergency, and whose", () => {
    const story = awaiting(needing({ breakGlassRoles: ["release-manager"] }));
    story.change({
      command: "break_glass",
      person: { userId: "U0RUTH", name: "Ruth" },
      permission: { kind: "granted", roles: ["release-manager"] },
      words: `emergency ${changeId}`,
      rationale: "The shop is down.",
      validForMs: 600_000,
      version: 1,
      digest,
      decision: { ...decisions.allow(), rule: "break_glass" },
    });
    const shown = card(story.view());
    expect(shown.words).toContain(
      "*Approved in an emergency* by Ruth. Waiting to be carried out, at the latest",
    );
    expect(shown.buttons).toEqual(["Details", ...ackOrPause]);
  });

  it("offers only buttons that lead somewhere", () => {
    const rejected = awaiting();
    rejected.change(voteCommand(proposal, { vote: "reject", rationale: "Wrong flag" }));
    const failed = executing();
    const failure = { kind: "failed" as const, reason: "FeatBit refused it." };
    failed.change({ command: "record_outcome", operationId: "op-1", outcome: failure });
    const conflicted = executing();
    const conflict = { kind: "conflicted" as const, current: ["Off: everyone gets Off."] };
    conflicted.change({ command: "record_outcome", operationId: "op-1", outcome: conflict });
    const unclear = executing();
    const found = { kind: "unclear" as const, reason: "It moved.", current: ["On."] };
    unclear.change({ command: "record_reconciliation", operationId: "op-1", found });
    const expired = awaiting();
    expired.pass(60);
    expired.change({ command: "expire" });

    expect(card(rejected.view())).toMatchObject({ buttons: ["Details", ...ackOrClose] });
    expect(card(rejected.view()).words).toContain("*Rejected* by Ruth");
    expect(card(approved().view())).toMatchObject({ buttons: ["Details", ...ackOrPause] });
    expect(card(approved().view()).words).toContain("*Approved* by Ruth");
    expect(card(executing().view())).toMatchObject({ buttons: ["Details", ...ackOrPause] });
    expect(card(failed.view()).words).toContain("*Failed*");
    expect(card(conflicted.view()).words).toMatch(/\*Superseded\*[^]*Off: everyone gets Off/);
    expect(card(expired.view()).words).toContain("*Expired*");
    expect(card(unclear.view()).buttons).toEqual([...followUps, "Details", ...ackOrClose]);
    expect(card(unclear.view()).words).toContain("*Needs a person*");
    expect(card(applied().view()).buttons).toEqual([...followUps, "Details", ...ackOrClose]);
    expect(card(applied().view(), { expandable: true }).buttons).toContain("Expand");
    expect(card(applied().view(), { standable: true }).buttons).toContain("Allow again …");
  });

  it("says loudly what was overwritten, and offers to restore it once", () => {
    const chain: ChainCheck = {
      kind: "broken",
      auditEntryId: "a9",
      by: "Eve",
      changedAt: toInstant(0),
      lost: ["Default rule: On 50%"],
      restore: { call: "toggle", enabled: true },
    };
    const story = applied(chain);
    expect(card(story.view()).words).toMatch(/overwrote somebody else's[^]*Eve[^]*Default rule: On 50%/);
    expect(card(story.view()).buttons).toContain("Restore");
    const lineage = {
      kind: "restores_overwritten" as const,
      changeId,
    };
    story.change(propose(decisions.queue(), { ...proposal, lineage }), other);
    expect(card(story.view()).buttons).toEqual(["Approve", "Reject", "Details", ...ackOrPause]);
    story.change(voteCommand(proposal, { vote: "reject", rationale: "No." }), other);
    expect(card(story.view()).buttons).toEqual([...followUps, "Details", ...ackOrClose]);
    expect(card(applied({ ...chain, restore: null }).view()).buttons).not.toContain("Restore");
  });

  it("gives the verdict with its figures, and reopens when the review is due", () => {
    const story = applied();
    const verification = {
      queryId: "errors",
      title: "Checkout errors",
      unit: "%",
      verdict: "recovered" as const,

      healthy: 0.2,
      troubled: 5,
      now: 0.21,
      from: story.now(),
      to: story.now(),
      reason: "100% is gone.",
    };
    story.change({ command: "record_verdict", verification });
    expect(card(story.view()).words).toContain(
      "*Verdict: recovered.* Checkout errors: 5% → 0.21% (healthy: 0.2%)",
    );
    const reviewAt = toInstant(Date.parse(story.now()) + 120_000);
    const end = {
      resolution: "keep" as const,
      owner: "Ada",
      note: "",
      by: "Ada",
      reviewAt,
      linkedChangeId: null,
    };
    story.change({ command: "close", ...end });
    expect(card(story.view()).words).toContain("*Closed: kept*, by Ada");
    expect(card(story.view()).buttons).toEqual(["Details", ...ackOrClose]);
    story.pass(60);
    story.change({ command: "review" });
    expect(card(story.view()).words).toContain("*Review is due:*");
    expect(card(story.view()).buttons).toEqual([...followUps, "Details", ...ackOrClose]);
  });

  it("goes back to the applied change when its reverse is rejected, and names both", () => {
    const story = applied();
    const reverse = proposalFor({ tool: "flag.turn_off" });
    story.change(propose(decisions.queue(), { ...reverse, lineage: { kind: "reverses", changeId } }), other);
    expect(card(story.view()).words).toContain(`*Undoing ${changeId}* (${other})`);
    story.change(voteCommand(reverse, { vote: "reject", rationale: "Not now" }), other);
    const shown = card(story.view());
    expect(shown.buttons).toEqual([...followUps, "Details", ...ackOrClose]);
    expect(shown.words).toContain(`${other}: `);
  });

  it.each([
    ["draft_write", decisions.constrain(), "by hand"],
    ["deny", decisions.deny(), "*Denied by policy*"],
  ])("shows the candidate without approval: %s", (_, decision, words) => {
    const shown = card(awaiting(decision).view(), { flagUrl: "https://flags.example.test/shop/checkout" });
    expect(shown.words).toContain(words);
    expect(shown.words).toContain("Flag: on → off");
    const editable = decision.kind === "deny" ? [] : ["Edit"];
    expect(shown.buttons).toEqual([...editable, "Details", ...ackOrClose]);
  });

  it.each([
    ["fallback", decisions.fallback()],
    ["search_only", { ...decisions.constrain(), mode: "search_only" as const }],
  ])("shows evidence and no candidate: %s", (mode, decision) => {
    const shown = card(awaiting(decision).view());
    expect(shown.words).toContain(mode === "fallback" ? "*Fallback:*" : "*Mode search_only:*");
    expect(shown.words).not.toContain("Flag: on → off");
    expect(shown.words).toContain("Look at the payment provider's status page.");
    expect(shown.buttons).toEqual(ackOrClose);
  });

  it("says that no flag change is recommended, and why", () => {
    const story = investigated();
    const assessment = story.view().incident.assessment;
    if (assessment === null) throw new Error("the story has no assessment");
    const abstained = { ...assessment, cause: "deploy" as const, suspects: [], candidateId: null };
    story.incident({
      command: "record_assessment",
      assessment: { ...abstained, abstention: "Version 42 was deployed a minute before." },
      candidates: [],
      transcript: null,
    });
    const shown = card(story.view());
    expect(shown.words).toContain("*No flag change recommended.* Version 42 was deployed a minute before.");
    expect(shown.words).toContain("*Suspect:* no flag. The evidence points to a deploy.");
    expect(shown.text).toContain("No flag change recommended.");
    expect(shown.buttons).toEqual(["Useful", "Not useful", ...ackOrClose]);
    expect(shown.words).not.toContain("Was this useful?");
    for (const [userId, useful] of [
      ["U1", true],
      ["U2", true],
      ["U3", true],
      ["U2", false],
    ] as const) {
      story.incident({ command: "give_feedback", userId, name: userId, useful });
    }
    expect(card(story.view()).words).toContain("Was this useful? Yes: 2. No: 1.");
    // A later look is judged anew.
    story.incident({ command: "renew", reason: "Search is slow." });
    expect(card(story.view()).buttons).toEqual(ackOrClose);
    expect(card(story.view()).words).toContain("*Suspect:* looking at what changed");
    story.incident({ command: "record_assessment", assessment: abstained, candidates: [], transcript: null });
    expect(card(story.view()).words).not.toContain("Was this useful?");
  });

  it("offers to draft anew what the flag has outrun, until somebody has asked for it", () => {
    const story = awaiting();
    story.change({ command: "supersede", reason: "The flag has moved.", current: ["Flag: off"] });
    const shown = card(story.view());
    expect(shown.words).toContain("*Superseded*");
    expect(shown.words).toContain("*Redraft* looks again");
    expect(shown.buttons).toEqual(["Redraft", "Details", ...ackOrClose]);
    const before = story.view().incident.episodeStartedAt;
    story.incident({ command: "redraft", changeId, userId: "U0ADA", name: "Ada" });
    expect(story.view().incident.episodeStartedAt).toBe(before);
    const looking = card(story.view());
    expect(looking.buttons).toEqual(["Details", ...ackOrClose]);
    expect(looking.words).toContain("*Suspect:* looking at what changed");
    story.incident({
      command: "record_assessment",
      assessment: assessmentWith({ candidateId: null, abstention: "It has recovered by itself." }),
      candidates: [],
      transcript: null,
    });
    const ended = card(story.view());
    expect(ended.words).toContain("*No flag change recommended.* It has recovered by itself.");
    expect(ended.words).toContain(`${changeId}: Turn checkout`);
    expect(ended.words).not.toContain("*Superseded*");
    expect(ended.buttons).toEqual(["Useful", "Not useful", ...ackOrClose]);
  });

  it("says why it is no surer, what it saw before, what else was changed, and by which route", () => {
    const story = investigated();
    const { evidence, incident } = story.view();
    if (evidence === null || incident.assessment === null) throw new Error("the story is not investigated");
    const at = evidence.from;
    const change = {
      id: "E5",
      kind: "change",
      title: "t",
      text: [],
      at,
      source: "ci",
      version: "redis 8",
      author: "Cem",
      state: "rolled_back",
      url: "https://ci.example.test/1",
      what: "infrastructure",
    } as const;
    const past = {
      id: "E6",
      kind: "past_incident",
      title: "t",
      text: [],
      incidentId: incident.id,
      at,
      cause: "flag",
      change: { id: changeId, flagKey: "checkout_one_click", status: "closed", verdict: "recovered" },
    } as const;
    const more = [change, past].map((item) => EvidenceItem.parse(item));
    story.gathered({ ...evidence, items: [...evidence.items, ...more] });
    const route = {
      drafter: "model" as const,
      model: "small-1",
      prompt: { id: "assess", version: "2", hash: "h" },
      fellBack: null,
      assigned: "canary",
      actual: "fallback",
      steps: [{ route: "canary", because: "no answer in 30 s" }],
    };
    const assessment = {
      ...incident.assessment,
      route,
      cappedBecause: [
        "no series compares the variations",
        "a deploy lies between the change and the trouble",
      ],
      gaps: ["deploys: no answer in 5 s", "past incidents: the store was away"],
    };
    story.incident({ command: "record_assessment", assessment, candidates: [], transcript: null });
    const { words } = card(story.view());
    expect(words).toContain(
      "Not surer, because no series compares the variations; a deploy lies between the change and the trouble.",
    );
    expect(words).toContain("2. flag `checkout_theme`, low (E3)");
    expect(words).toContain(
      "change of infrastructure `redis 8` (rolled back) by Cem, 59 min before the alert (E5)",
    );
    expect(words).toContain(
      `*Seen before:* ${incident.id}, cause flag: flag \`checkout_one_click\` closed, recovered (E6)`,
    );
    expect(words).toContain("Drafted by small-1, prompt assess@2. Route fallback instead of canary.");
    expect(words).toContain("Left before: canary: no answer in 30 s.");
    expect(words.match(/Not known: deploys/g)).toHaveLength(1);
    expect(words).toContain("Not known: past incidents: the store was away");
    expect(words).not.toContain("ci.example.test");
  });

  it("points at the open change of another incident", () => {
    const story = investigated();
    story.linkedTo(awaiting().view().changes[0] ?? expect.fail("no change"));
    const shown = card(story.view(), { linkedCardUrl: "https://slack.example.test/archives/C1/p1" });
    expect(shown.words).toContain("has an open change already");
    expect(shown.words).toContain("<https://slack.example.test/archives/C1/p1|its card>");
    expect(shown.buttons).toEqual(ackOrClose);
  });

  it("leads to the console where people reach one, beside everything else that the footer says", () => {
    const consoleUrl = `https://${"long-name.".repeat(11)}example/console/incidents/INC-0000000001`;
    const misplaced = `Meant for another channel, ${"which is archived ".repeat(20)}`;
    const shown = card(awaiting().view(), { consoleUrl, misplaced });
    expect(shown.words).toContain(`digest ${digest.slice(7, 19)} · <${consoleUrl}|Open in console>`);
    expect(shown.words).toContain("Meant for another channel");
    expect(card(awaiting().view()).words).not.toContain("Open in console");
  });

  it("is equal for equal input, and its block ids follow the version", () => {
    const story = awaiting();
    const before = card(story.view());
    expect(card({ ...story.view(), now: toInstant(0) })).toEqual(before);
    story.change(reviseCommand(proposal));
    const after = card(story.view());
    expect(after.blockIds.filter((id) => before.blockIds.includes(id))).toEqual([]);
  });
});

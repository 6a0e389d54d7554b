import { agentName, type Suspect } from "../../../domain/assessment.ts";
import type { IncidentState } from "../../../domain/incident/incident.ts";
import { cut, html, type Html } from "../html.ts";
import { decided } from "./decision.ts";
import { badge, empty, facts, lines, type Tone } from "./words.ts";

const tones: Record<Suspect["confidence"], Tone> = { high: "bad", medium: "warn", low: "off" };

/** What was concluded, by whom, how sure, and why no surer. */
export function assessment(incident: IncidentState): Html {
  const { assessment: found, noChange, withheld } = incident;
  if (found === null && withheld === null) return empty("It is being looked at.");
  return html`${found !== null && concluded(found)}
  ${noChange !== null && html`<p><strong>No flag change recommended.</strong> ${cut(noChange.reason, 600)}</p>`}
  ${
    withheld !== null &&
    html`<h3>Why nothing is drafted</h3>
      ${decided(withheld)}`
  }`;
}

function concluded(found: NonNullable<IncidentState["assessment"]>): Html {
  const { route } = found;
  const notes = [
    ...found.cappedBecause.map((why) => `No surer because: ${why}`),
    ...found.gaps.map((gap) => `Not known: ${gap}`),
    ...found.dropped.map((what) => `Dropped by code: ${what}`),
    ...route.steps.map(({ route: rung, because }) => `Not by ${rung}: ${because}`),
    ...(route.fellBack === null ? [] : [`Rules took over: ${route.fellBack}`]),
  ];
  return html`<p class="summary">${cut(found.summary, 1500)}</p>
    ${facts([
      { name: "Cause", value: badge(found.cause, found.cause === "flag" ? "bad" : "calm") },
      { name: "Confidence", value: found.confidence },
      { name: "Drafted by", value: cut(agentName(route), 160) },
    ])}
    ${
      found.suspects.length > 0 &&
      html`<h3>Suspects</h3>
        <ul class="suspects">
          ${found.suspects.map(suspect)}
        </ul>`
    }
    ${
      notes.length > 0 &&
      html`<details>
        <summary>What limits this</summary>
        ${lines(notes)}
      </details>`
    }`;
}

function suspect({ flagKey, confidence, why, citations }: Suspect): Html {
  return html`<li>
    <code>${cut(flagKey, 120)}</code> ${badge(`${confidence} confidence`, tones[confidence])}
    <p>${cut(why, 800)}</p>
    ${
      citations.length > 0 &&
      html`<p class="faint">
        On ${citations.map((id, at) => html`${at > 0 && ", "}<a href="#evidence-${id}">${id}</a>`)}
      </p>`
    }
  </li>`;
}

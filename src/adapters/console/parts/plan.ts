import { describeFlag } from "../../../domain/flag/describe-flag.ts";
import type { Exposure } from "../../../domain/flag/exposure.ts";
import type { Plan } from "../../../domain/flag/plan.ts";
import { cut, html, type Html } from "../html.ts";
import { table } from "./table.ts";
import { lines } from "./words.ts";

/** The difference in words, its exact reverse, and the flag on both sides of it. */
export function plan({ before, after, diff, reverseDiff }: Plan): Html {
  return html`<div class="sides">
      <div class="side">
        <h3>The change</h3>
        ${lines(diff)}
      </div>
      <div class="side">
        <h3>How it is undone</h3>
        ${lines(reverseDiff)}
      </div>
    </div>
    <details>
      <summary>The whole flag, before and after</summary>
      <div class="sides">
        <div class="side">
          <h3>Before</h3>
          ${lines(describeFlag(before.flag, before.segments))}
        </div>
        <div class="side">
          <h3>After</h3>
          ${lines(describeFlag(after, before.segments))}
        </div>
      </div>
    </details>`;
}

export function exposure({ byVariation, words }: Exposure): Html {
  return html`${lines(words)}
  ${
    byVariation.length > 0 &&
    table(
      "Share of the users of the default rule, by variation",
      [
        { name: "Variation", cell: ({ name }: (typeof byVariation)[number]) => cut(name, 120) },
        { name: "Before", form: "number", cell: ({ beforePercent }) => `${beforePercent}%` },
        { name: "After", form: "number", cell: ({ afterPercent }) => `${afterPercent}%` },
      ],
      byVariation,
    )
  }`;
}

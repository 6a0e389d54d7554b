import type { ChangeState } from "../../../domain/change/change.ts";
import type { ChainCheck } from "../../../domain/change/outcome.ts";
import { figureWords } from "../../../domain/evidence/evidence-words.ts";
import type { Verification } from "../../../domain/verification.ts";
import { cut, html, type Html, type Part } from "../html.ts";
import { changeLink } from "./links.ts";
import { verdictBadge } from "./status.ts";
import { table } from "./table.ts";
import { code, empty, type Fact, facts, lines, moment } from "./words.ts";

const resolutions = { keep: "keep", expand: "expand", roll_back: "roll back", clean_up: "clean up" };

/** Execution, what it came to, and how it was closed. */
export function aftermath({ execution, applied, ended, closure, reviewDue }: ChangeState): Html {
  if (execution === null && ended === null && closure === null) return empty("Nothing was done yet.");
  const list: (Fact | false | null)[] = [
    execution !== null && {
      name: "Carried out",
      value: html`${moment(execution.startedAt)}, operation ${code(execution.operationId)}, lease epoch
      ${execution.epoch}`,
    },
    execution?.uncertain != null && { name: "Uncertain", value: cut(execution.uncertain, 600) },
    applied !== null && {
      name: "Applied",
      value: html`${moment(applied.at)}${applied.reconciled && ", settled by reading back"}, revision
      ${code(applied.revision)}`,
    },
    applied !== null && { name: "FeatBit’s audit chain", value: chain(applied.chain) },
    ended !== null && {
      name: "Ended",
      value: html`${moment(ended.at)}${ended.by !== "" && html` by ${cut(ended.by, 80)}`}:
      ${cut(ended.reason, 1000)}`,
    },
    closure !== null && {
      name: "Closed",
      value: html`${moment(closure.at)} by ${cut(closure.by, 80)}: ${resolutions[closure.resolution]}. Owner:
      ${cut(closure.owner, 120)}.`,
    },
    closure !== null && closure.note !== "" && { name: "Note", value: cut(closure.note, 1000) },
    closure?.reviewAt != null && {
      name: "Review",
      value: html`${moment(closure.reviewAt)}${reviewDue && " (it is due)"}`,
    },
    closure?.linkedChangeId != null && { name: "By", value: changeLink(closure.linkedChangeId) },
  ];
  const now = ended?.current ?? [];
  return html`${facts(list)}
  ${
    now.length > 0 &&
    html`<h3>The flag then</h3>
      ${lines(now)}`
  }`;
}

function chain(check: ChainCheck): Part {
  switch (check.kind) {
    case "intact":
      return "intact: nobody’s change was overwritten";
    case "unread":
      return `could not be read: ${cut(check.reason, 300)}`;
    case "broken":
      return html`<strong>broken</strong>: a change by ${cut(check.by, 80)} of ${moment(check.changedAt)} was
        overwritten ${lines(check.lost)}`;
  }
}

/** The named metric before the trouble, before the change and after it. */
export function verified(found: Verification): Html {
  const { verdict, title, unit, reason, from, to } = found;
  return html`<p>${verdictBadge(verdict)} ${cut(reason, 400)}</p>
    ${table(
      "The metric, by when",
      [
        { name: "Metric", cell: (one: Verification) => cut(one.title, 160) },
        { name: "Healthy", form: "number", cell: ({ healthy }) => figureWords(healthy, unit) },
        { name: "Before the change", form: "number", cell: ({ troubled }) => figureWords(troubled, unit) },
        { name: "After it", form: "number", cell: ({ now }) => figureWords(now, unit) },
      ],
      [{ ...found, title }],
    )}
    <p class="faint">Judged from ${moment(from)} to ${moment(to)}.</p>`;
}

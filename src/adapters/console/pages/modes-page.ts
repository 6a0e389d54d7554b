import type { EnvironmentModes, ToolMode } from "../../../pipeline/ports/console-reads.ts";
import { cut, html, type Html } from "../html.ts";
import { controls } from "../parts/decision.ts";
import { frame } from "../parts/frame.ts";
import { decisionBadge, modeBadge } from "../parts/status.ts";
import { table } from "../parts/table.ts";
import { code, empty, lines, section } from "../parts/words.ts";

/** What may happen where, and what says so. */
export function modesPage(list: readonly EnvironmentModes[]): Html {
  return frame({
    title: "Modes",
    section: "Modes",
    body: html`<h1>Modes, and why</h1>
      <p>
        The effective mode of a tool is the lowest that its contract, the controls and the guardrails permit.
        Policy is asked here as it would be for an incident with enough evidence; a control that is given to a
        share of the incidents may answer otherwise for a real one.
      </p>
      ${list.length === 0 ? empty("The catalogue has no services.") : list.map(environment)}`,
  });
}

function environment(one: EnvironmentModes, at: number): Html {
  const { service, environmentName, control, tools } = one;
  return section(
    `place-${at}`,
    `${cut(service, 80)}, ${cut(environmentName, 80)}`,
    html`<p>
        The controls say ${modeBadge(control.mode)} for ${cut(one.project, 60)} / ${cut(one.environment, 60)}.
      </p>
      ${lines(control.lowered.map(({ rule, reason }) => `Lowered by ${rule}: ${reason}`))}
      ${toolTable(
        `What may be done to flags of ${service}, ${environmentName}`,
        tools.filter((tool) => !isRead(tool)),
      )}
      <details>
        <summary>What the model may look at, and the controls as they are now</summary>
        ${toolTable(`What the model may look at for ${service}, ${environmentName}`, tools.filter(isRead))}
        ${controls(control.evaluations)}
      </details>`,
  );
}

function isRead({ tool }: ToolMode): boolean {
  return !tool.startsWith("flag.") || tool === "flag.read";
}

/** Tools of which the same is true stand in one row. */
function toolTable(caption: string, tools: readonly ToolMode[]): Html {
  const groups = Object.values(Object.groupBy(tools, (one) => JSON.stringify({ ...one, tool: "" }))).flatMap(
    (alike = []) => {
      const [first] = alike;
      return first === undefined ? [] : [{ ...first, names: alike.map(({ tool }) => tool) }];
    },
  );
  return table(
    caption,
    [
      {
        name: "Tools",
        cell: ({ names }: (typeof groups)[number]) =>
          html`<div class="tools">${names.map((name) => code(name))}</div>`,
      },
      { name: "Effective mode", form: "tight", cell: ({ mode }) => modeBadge(mode) },
      { name: "Policy says", form: "tight", cell: ({ kind }) => decisionBadge(kind) },
      {
        name: "Contract alone",
        form: "tight",
        cell: ({ contractMode }) =>
          contractMode === null ? "no contract" : contractMode.replaceAll("_", " "),
      },
      {
        name: "Settled by",
        form: "wide",
        cell: ({ rule, reasons }) => html`${code(rule)}<br />${cut(reasons.join(" "), 400)}`,
      },
    ],
    groups,
  );
}

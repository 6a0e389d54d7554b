import { setTimeout as delay } from "node:timers/promises";
import { html, type Html } from "../../../sandbox/slack/page/html.ts";
import type { Panel, PanelAction } from "../../../sandbox/slack/page/panel.ts";
import { type ScenarioName, scenarioNames } from "../../../sandbox/world/trouble.ts";
import type { Demo } from "../open-demo.ts";

const scenes = {
  support: {
    word: "support",
    hint: "reranker_v2 reaches 10% of the users and answers are slow. Expect a card that limits it to colleagues.",
  },
  checkout: {
    word: "checkout",
    hint: "One-click checkout was turned on for everybody and requests fail. Expect a card that turns it off.",
  },
  search: {
    word: "search",
    hint: "A flag changed, but a deploy slowed search down. Expect no flag change, and why.",
  },
} as const satisfies Record<ScenarioName, Record<"word" | "hint", string>>;

/** The evidence looks back an hour; older trouble is staged anew. */
const staleAfterMs = 45 * 60_000;
/** How long all is well before a mistake is repeated, so that the metrics show where it began. */
const wellForMs = 30_000;
/** How long a repeated mistake shows in the metrics before its alert fires. */
const repeatedForMs = 45_000;

/** Buttons that let trouble reach Signalman's door. */
export function scenariosPanel(demo: Demo): Panel {
  return {
    id: "scenarios",
    title: "Scenarios",
    html: () => intro(demo).markup,
    actions: scenarioNames.flatMap((name) => [fireAction(demo, name), resolveAction(demo, name)]),
  };
}

function intro({ console }: Demo): Html {
  return html`<p class="hint">
      Fire an alert, read the card as Maya (she may not approve), then switch to Ruth and approve it.
    </p>
    ${
      console !== null &&
      html`<p class="hint">
        What stands behind it:
        <a href="${console.url}" target="_blank" rel="noreferrer">Signalman’s console</a>. Its token is
        printed where the demo was started.
      </p>`
    }`;
}

function fireAction(demo: Demo, name: ScenarioName): PanelAction {
  const { trouble } = demo.world;
  let staging = false;

  const stage = async (mendFirst: boolean): Promise<void> => {
    if (mendFirst) {
      await trouble.mend(name);
      await delay(wellForMs, undefined, { ref: false });
    }
    await trouble.repeat(name);
    await delay(repeatedForMs, undefined, { ref: false });
    await demo.sender.fire(trouble.alert(name));
  };

  return {
    id: `fire-${name}`,
    label: `Fire the ${scenes[name].word} alert`,
    hint: scenes[name].hint,
    style: "primary",
    async run() {
      const begunAt = trouble.begunAt(name);
      const isStale = begunAt !== null && Date.now() - begunAt > staleAfterMs;
      if (begunAt !== null && !isStale && !staging) {
        return accepted(await demo.sender.fire(trouble.alert(name)));
      }
      if (staging) return "The mistake was repeated; its alert is on the way.";
      staging = true;
      // What goes wrong here shows as an alert that does not come; the button then works again.
      void stage(isStale)
        .catch(() => undefined)
        .finally(() => (staging = false));
      const inSeconds = (repeatedForMs + (isStale ? wellForMs : 0)) / 1000;
      return `The mistake is made again. Its alert fires in ${inSeconds} s: watch the metric until then.`;
    },
  };
}

function resolveAction(demo: Demo, name: ScenarioName): PanelAction {
  return {
    id: `resolve-${name}`,
    label: `Resolve ${scenes[name].word}`,
    ...(name === "search" ? { hint: "It ships a fast version, too." } : {}),
    async run() {
      if (name === "search") await demo.world.trouble.mend(name);
      return accepted(await demo.sender.resolve(demo.world.trouble.alert(name)));
    },
  };
}

function accepted(sent: Awaited<ReturnType<Demo["sender"]["fire"]>>): string {
  if (sent.httpStatus !== 202) throw new Error(`Signalman did not accept the alert: ${sent.answer}`);
  return `Signalman accepted it (202), correlation id ${sent.correlationId ?? "missing"}.`;
}

import { describe, expect, test } from "vitest";
import { findingsOf, type Given, goodYml, load } from "./origin.ts";

const keyed = { OPENAI_API_KEY: "sk-unit-primary" };

function given(model: string, env: Given["env"] = keyed): Given {
  return { yml: `${goodYml}model:\n${model.replaceAll(/^/gm, "  ")}\n`, env: { ...env } };
}
const modelOf = (model: string, env?: Given["env"]) => load(given(model, env)).worker?.model ?? null;

const budget = {
  callsPerHour: 60,
  tokensPerHour: 1_000_000,
  costPerHour: 10,
  tokensPerIncident: 100_000,
  costPerIncident: 1,
};

describe("the model's settings", () => {
  test("in short are one route, with a budget that is sane without a word", () => {
    const model = modelOf("name: big");
    expect(model).toMatchObject({
      budget,
      routes: [
        {
          route: "default",
          name: "big",
          baseUrl: "https://api.openai.com/v1",
          timeoutMs: 30_000,
          retries: 1,
          prices: null,
        },
      ],
    });
    expect(model?.routes[0].apiKey.reveal()).toBe("sk-unit-primary");
    expect(model?.investigation).toEqual({ calls: 6, rounds: 4 });
    const routed = modelOf("routes: { default: { name: big } }\ninvestigation: { calls: 3 }");
    expect(routed?.investigation).toEqual({ calls: 3, rounds: 4 });
  });

  test("take model and address from the variables, which win, for the default route alone", () => {
    const yml = `routes:\n  default: { name: big }\n  fallback: { name: small, keyEnv: null }`;
    const env = { ...keyed, OPENAI_MODEL: "bigger", OPENAI_BASE_URL: "http://127.0.0.1:1/v1/" };
    expect(modelOf(yml, env)?.routes).toMatchObject([
      { route: "default", name: "bigger", baseUrl: "http://127.0.0.1:1/v1" },
      { route: "fallback", name: "small", baseUrl: "https://api.openai.com/v1" },
    ]);
  });

  test("by name have a key, a price and a patience each, default first wherever it stands", () => {
    const model = modelOf(
      `routes:
  trial: { name: new, keyEnv: TRIAL_KEY, timeoutMs: 5000, retries: 0 }
  default: { name: big, prices: { inputPerMillion: 2.5, outputPerMillion: 10 } }
  fallback: { name: small, baseUrl: "http://127.0.0.1:11434/v1", keyEnv: null }
budget: { callsPerHour: 5 }`,
      { ...keyed, TRIAL_KEY: "sk-unit-trial" },
    );
    expect(model?.routes.map(({ route }) => route)).toEqual(["default", "trial", "fallback"]);
    expect(model?.routes[0].prices).toEqual({ inputPerMillion: 2.5, outputPerMillion: 10 });
    expect(model?.routes.map(({ apiKey }) => apiKey.reveal())).toEqual([
      "sk-unit-primary",
      "sk-unit-trial",
      "",
    ]);
    expect(model?.budget).toEqual({ ...budget, callsPerHour: 5 });
  });

  test("without a key of the default route let rules draft alone", () => {
    expect(modelOf("name: big", {})).toBeNull();
    expect(modelOf("routes:\n  default: { name: big }\n  fallback: { name: small }", {})).toBeNull();
  });

  test.each<[string, string, Given["env"], RegExp]>([
    ["no default route", "routes:\n  fast: { name: small }", keyed, /has no route "default"/],
    [
      "short form beside routes",
      "name: big\nroutes:\n  default: { name: big }",
      keyed,
      /stands beside model\.routes/,
    ],
    [
      "a route called rules",
      "routes:\n  default: { name: big }\n  rules: { name: x }",
      keyed,
      /no model is asked/,
    ],
    ["an unknown key", "nmae: big", keyed, /nmae/],
    [
      "a route without a name",
      "routes:\n  default: {}",
      keyed,
      /no model is named; set OPENAI_MODEL or model\.name/,
    ],
    [
      "another route without a name",
      "routes:\n  default: { name: big }\n  fallback: {}",
      keyed,
      /no model is named; set model\.routes\.fallback\.name/,
    ],
    [
      "another route without its key",
      "routes:\n  default: { name: big }\n  fallback: { name: small, keyEnv: OTHER_KEY }",
      keyed,
      /OTHER_KEY is not set; set it to the key of model\.routes\.fallback, or remove that route/,
    ],
    ["a look around without a call", "name: big\ninvestigation: { calls: 0 }", keyed, /calls/],
    ["a negative budget", "name: big\nbudget: { callsPerHour: -1 }", keyed, /callsPerHour/],
    [
      "a price without its other half",
      "name: big\nprices: { inputPerMillion: 1 }",
      keyed,
      /outputPerMillion/,
    ],
  ])("with %s are refused with the remedy", (_, model, env, says) => {
    expect(findingsOf(given(model, env)).join("\n")).toMatch(says);
  });
});

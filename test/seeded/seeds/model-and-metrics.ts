import { createOpenAiSandbox } from "../../../src/sandbox/openai/openai-sandbox.ts";
import { createPrometheusSandbox } from "../../../src/sandbox/prometheus/prometheus-sandbox.ts";
import type { Seed } from "../seed.ts";

export const modelAndMetricsSeeds: readonly Seed[] = [
  {
    name: "a wrong key of the model",
    check: "model",
    severity: "error",
    words: /refused the key; check OPENAI_API_KEY/,
    spoil: ({ env }) => void (env["OPENAI_API_KEY"] = "sk-wrong"),
  },
  {
    name: "a model that its server does not have",
    check: "model",
    severity: "error",
    words: /The model route "default" \(sandbox-modle\) cannot be used/,
    spoil: ({ settings }) => void (settings.model.name = "sandbox-modle"),
  },
  {
    name: "the model's server cannot be reached",
    check: "model",
    severity: "error",
    words: /cannot be reached; check its baseUrl/,
    spoil: ({ settings }) => void (settings.model.baseUrl = "http://127.0.0.1:9/v1"),
  },
  {
    name: "a server without structured output",
    check: "model",
    severity: "warning",
    words: /takes no strict JSON schema; it can be asked for text/,
    async spoil({ settings, stack }) {
      const plain = stack.use(
        await createOpenAiSandbox({
          formats: ["text"],
          behaviour: () => ({ kind: "text", text: '{"answer":"ready"}' }),
        }),
      );
      settings.model.baseUrl = plain.baseUrl;
    },
  },
  {
    name: "a model that talks instead of answering",
    check: "model",
    severity: "warning",
    words: /did not answer a plain question in the form asked for/,
    spoil: ({ world }) => world.model?.behave(() => ({ kind: "text", text: "Sure! I am here." })),
  },
  {
    name: "a key without a model",
    check: "configuration",
    severity: "error",
    words: /no model is named/,
    spoil: ({ settings }) => void delete settings.model.name,
  },
  {
    name: "Prometheus cannot be reached",
    check: "telemetry",
    severity: "error",
    words: /Prometheus at 127\.0\.0\.1:9 cannot be reached/,
    spoil: ({ settings }) => void (settings.prometheus.url = "http://127.0.0.1:9"),
  },
  {
    name: "Prometheus wants a token",
    check: "telemetry",
    severity: "error",
    words: /Check PROMETHEUS_TOKEN/,
    async spoil({ settings, stack }) {
      const guarded = stack.use(await createPrometheusSandbox({ auth: { kind: "bearer", token: "wanted" } }));
      settings.prometheus.url = guarded.url;
    },
  },
  {
    name: "no address of Prometheus, and queries",
    check: "configuration",
    severity: "error",
    words: /PROMETHEUS_URL is not set, but .* has queries/,
    spoil: ({ settings }) => void delete settings.prometheus,
  },
  {
    name: "a query that is no PromQL",
    check: "telemetry",
    severity: "error",
    words: /The query healthy of the service "checkout" fails/,
    spoil: ({ settings }) => void (settings.services[1].queries[0].promql = "sum(rate("),
  },
  {
    name: "a series that does not exist",
    check: "telemetry",
    severity: "warning",
    words: /The query healthy of the service "checkout" gives no series/,
    spoil: ({ settings }) => void (settings.services[1].queries[0].promql = "sum(helthy)"),
  },
  {
    name: "deploys without a version",
    check: "telemetry",
    severity: "warning",
    words: /deployQuery of the service "search" gives series without a version label/,
    spoil: ({ settings }) => void (settings.services[2].deployQuery = "sum(deployment_info)"),
  },
];

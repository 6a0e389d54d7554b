import { expect, it } from "vitest";
import { pairsOf, readWatch } from "../../../src/config/watch.ts";
import { readVariables } from "../../../src/config/variables.ts";

const endpoint = "http://collector.example:4318/";

function read(env: Record<string, string>) {
  const variables = readVariables(env, "/");
  const { traces, metricsPush, logs, sampler, resource } = readWatch({ host: "127.0.0.1" }, variables);
  const urls = [traces, metricsPush, logs].map((each) => each?.url ?? null);
  return { urls, sampler, resource, findings: variables.findings, headers: traces?.headers.reveal() };
}

it.each([
  [{}, [null, null, null]],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, ["traces", "metrics", "logs"]],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: "true" }, [null, null, null]],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_LOGS_EXPORTER: "none" }, ["traces", "metrics", null]],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: "otlp" }, ["traces", "metrics", "logs"]],
])("sends what %j says", (env, signals) => {
  const { urls, findings } = read(env);
  expect(urls).toEqual(signals.map((each) => each && `http://collector.example:4318/v1/${each}`));
  expect(findings).toEqual([]);
});

it("takes a signal's own address and headers as they are", () => {
  const own = "https://traces.example/otlp";
  const { urls, headers } = read({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-key=1",
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=2",
  });
  expect(urls).toEqual([own, null, null]);
  expect(headers).toBe("x-key=1");
});

it.each([
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /"grpc"; Signalman sends http\/json/],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, /OTEL_EXPORTER_OTLP_ENDPOINT is no address/],
  [{ OTEL_TRACES_EXPORTER: "zipkin" }, /OTEL_TRACES_EXPORTER is "zipkin"; set it to otlp or none/],
  [{ OTEL_TRACES_SAMPLER: "some" }, /OTEL_TRACES_SAMPLER is "some"; set it to one of always_on/],
  [{ OTEL_TRACES_SAMPLER_ARG: "2" }, /OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1/],
])("refuses %j", (env, finding) => {
  const { findings } = read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...env });
  expect(findings.join("\n")).toMatch(finding);
});

it("reads samplers and pairs as OpenTelemetry writes them", () => {
  const ratio = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" };
  expect(read(ratio).sampler).toEqual({ share: 0.25, heedsParent: false });
  expect(read({}).sampler).toEqual({ share: 1, heedsParent: true });
  expect(read({ OTEL_TRACES_SAMPLER: "parentbased_always_off" }).sampler).toMatchObject({ share: 0 });
  expect(pairsOf("authorization=Bearer%20k=,team = ops, ,=x,odd=%zz")).toEqual({
    authorization: "Bearer k=",
    team: "ops",
    odd: "%zz",
  });
});

import { registerHooks } from "node:module";

/**
 * Loaded by `--import` into a process of Signalman: `@opentelemetry/api` is then nothing but empty functions, as if no
 * line of the code had anything to do with telemetry. What is imported and not here is an error at the start.
 */
const nothing = `
const span = { setAttribute() {}, setStatus() {}, addEvent() {}, spanContext() {}, end() {} };
const tracer = { startActiveSpan: (name, words, parent, run) => run(span), startSpan: () => span };
const instrument = { add() {}, record() {} };
const meter = { createCounter: () => instrument, createHistogram: () => instrument };
const meters = { getMeter: () => meter };
const logger = { enabled: () => false, emit() {} };
export const ROOT_CONTEXT = {};
export const context = { active: () => ROOT_CONTEXT, with: (at, run) => run() };
export const trace = {
  getTracer: () => tracer, getActiveSpan() {}, setSpan: () => ROOT_CONTEXT, setSpanContext: () => ROOT_CONTEXT,
};
export const metrics = { getMeterProvider: () => meters, getMeter: () => meter };
export const logs = { getLogger: () => logger };
export const INVALID_TRACEID = "";
export const SpanKind = {}, SpanStatusCode = {}, SeverityNumber = {};
`;

const url = "bench:without-opentelemetry";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@opentelemetry/api" ? { url, shortCircuit: true } : next(specifier, context),
  load: (at, context, next) =>
    at === url ? { format: "module", source: nothing, shortCircuit: true } : next(at, context),
});

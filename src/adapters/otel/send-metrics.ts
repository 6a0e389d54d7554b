import { metrics } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { Resource } from "@opentelemetry/resources";
import { type IMetricReader, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { part, type Sending } from "./send.ts";

/** From now on what is counted is kept: to be sent once a minute, to be read as a page, or both. */
export function sendMetrics(
  sending: Sending | null,
  resource: Resource,
  hasPage: boolean,
): AsyncDisposable & { page: (() => Promise<string>) | null } {
  const readers: IMetricReader[] = [];
  if (sending !== null) {
    readers.push(new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(sending) }));
  }
  // The page is served by our own door, behind a token or on a port of its own.
  const scraped = hasPage ? new PrometheusExporter({ preventServerStart: true }) : null;
  if (scraped !== null) readers.push(scraped);
  const provider = new MeterProvider({ resource, readers });
  metrics.setGlobalMeterProvider(provider);
  const serializer = new PrometheusSerializer("", false, undefined, true, true);
  return {
    page:
      scraped === null ? null : async () => serializer.serialize((await scraped.collect()).resourceMetrics),
    async [Symbol.asyncDispose]() {
      await part(() => provider.shutdown());
      metrics.disable();
    },
  };
}

import { logs } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import type { Resource } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { part, type Sending } from "./send.ts";

/** From now on lines of the log are sent too, as they are written: with what is secret masked. */
export function sendLogs(sending: Sending, resource: Resource): AsyncDisposable {
  const provider = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(sending), scheduledDelayMillis: 1000 }),
    ],
  });
  logs.setGlobalLoggerProvider(provider);
  return {
    async [Symbol.asyncDispose]() {
      await part(() => provider.shutdown());
      logs.disable();
    },
  };
}

import { type Meter, type MeterProvider, metrics } from "@opentelemetry/api";

/**
 * An instrument that is made when it is first used: one that was made before there is a metrics SDK would count for
 * nobody for ever.
 */
export function instrument<Instrument>(make: (meter: Meter) => Instrument): () => Instrument {
  let made: { by: MeterProvider; instrument: Instrument } | null = null;
  return () => {
    const by = metrics.getMeterProvider();
    if (made?.by !== by) made = { by, instrument: make(by.getMeter("signalman")) };
    return made.instrument;
  };
}

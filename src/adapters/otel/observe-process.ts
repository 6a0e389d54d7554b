import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { metrics } from "@opentelemetry/api";

/** Shows how the process itself does, under the names that other programs use for it. */
export function observeProcess(role: string): Disposable {
  const meter = metrics.getMeter("signalman");
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const startedAt = Date.now() / 1000 - process.uptime();
  const gauge = (name: string, description: string) => meter.createObservableGauge(name, { description });
  const info = gauge("signalman_process_info", "1; its labels say what this process is.");
  const resident = gauge("process_resident_memory_bytes", "Memory of this process.");
  const heap = gauge("nodejs_heap_size_used_bytes", "Of it, used by JavaScript.");
  const began = gauge("process_start_time_seconds", "When it began, in seconds since 1970.");
  const files = gauge("process_open_fds", "Files and connections that are open.");
  const lag = gauge(
    "nodejs_eventloop_lag_p99_seconds",
    "How late timers are, 99 of 100, since the last look.",
  );
  const cpu = meter.createObservableCounter("process_cpu_seconds_total", {
    description: "Time of processors.",
  });

  const all = [info, resident, heap, began, files, lag, cpu];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (into) => {
    const { user, system } = process.cpuUsage();
    into.observe(info, 1, { role, node: process.version });
    into.observe(resident, process.memoryUsage.rss());
    into.observe(heap, process.memoryUsage().heapUsed);
    into.observe(began, startedAt);
    into.observe(cpu, (user + system) / 1e6);
    into.observe(lag, Math.max(0, delay.percentile(99) / 1e9));
    delay.reset();
    const open = openFiles();
    if (open !== null) into.observe(files, open);
  };
  meter.addBatchObservableCallback(observe, all);
  return {
    [Symbol.dispose]() {
      delay.disable();
      meter.removeBatchObservableCallback(observe, all);
    },
  };
}

/** Null where the system does not tell. */
function openFiles(): number | null {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return null;
  }
}

import type { JobsOptions } from "bullmq";

/** All that a job carries. */
export interface Ring {
  subject: string;
}

/** The parts of BullMQ's `Queue` and `Worker` that a doorbell uses, whatever store is behind them. */
export interface RingQueue {
  add(name: string, data: Ring, options: JobsOptions): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

export interface RingWorker {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "failed", listener: (job: { data: Ring } | undefined, error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export interface WorkerSettings {
  concurrency: number;
  lockDuration: number;
  stalledInterval: number;
  maxStalledCount: number;
  runRetryDelay: number;
}

export interface QueueBackend {
  queue(name: string): RingQueue;
  worker(name: string, answer: (ring: Ring) => Promise<void>, settings: WorkerSettings): RingWorker;
}

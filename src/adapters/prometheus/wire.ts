import { z } from "zod";

/** Prometheus' answer format: https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview */
export const ErrorAnswer = z.object({
  status: z.literal("error"),
  errorType: z.string(),
  error: z.string(),
});

/** Values are texts, because JSON has no NaN and no infinities. */
export const MatrixAnswer = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        // Native histograms come under another key; such a series has no values.
        values: z.array(z.tuple([z.number(), z.string()])).default([]),
      }),
    ),
  }),
});
export type MatrixAnswer = z.infer<typeof MatrixAnswer>;

import { OpsError } from "../../domain/ops-error.ts";

/** Larger than any answer of the tokens we allow, thoughts included. */
const mostBytes = 4_000_000;

/** `fetch` whose answers end: the client reads a body to its end before it looks at it, however long it is. */
export const boundedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (response.body === null) return response;
  let bytes = 0;
  const limited = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > mostBytes) {
          controller.error(new OpsError("bad_answer", "The answer of the model's server is far too long."));
        } else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(limited, { status, statusText, headers });
};

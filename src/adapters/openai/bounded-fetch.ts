import { OpsError } from "../../domain/ops-error.ts";

/** Larger than any answer of the tokens we allow, thoughts included. */
const mostBytes = 4_000_000;

/**
 * `fetch` whose answers end, and fail in our words: the client reads a body to its end before it looks at it, however
 * long it is, and takes a connection that breaks meanwhile for a bug. No redirect is followed: the evidence would go to
 * whoever the answer names.
 */
export const boundedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, { ...init, redirect: "manual" });
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  return new Response(bounded(response.body), { status, statusText, headers });
};

function bounded(body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let bytes = 0;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await read(reader);
      if (done) return controller.close();
      bytes += value.byteLength;
      if (bytes <= mostBytes) return controller.enqueue(value);
      const tooLong = new OpsError("bad_answer", "The answer of the model's server is far too long.");
      controller.error(tooLong);
      await reader.cancel(tooLong);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>) {
  try {
    return await reader.read();
  } catch (error) {
    throw new OpsError("unreachable", "The model's server broke off in the middle of its answer.", {
      cause: error,
    });
  }
}

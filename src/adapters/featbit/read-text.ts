import { OpsError } from "../../domain/ops-error.ts";

/** The body as UTF-8 text. @throws OpsError `bad_answer` as soon as it grows beyond `maxBytes`. */
export async function readText(response: Response, maxBytes: number, where: string): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream, so a huge answer is not read to its end.
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new OpsError("bad_answer", `The answer of ${where} is larger than ${maxBytes} bytes.`, {
        retryable: false,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

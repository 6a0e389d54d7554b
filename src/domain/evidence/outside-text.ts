import { plainText } from "../flag/plain-text.ts";
import { redact } from "../redact.ts";

/** One line made of what others wrote: without credentials, control and bidirectional characters, cut to length. */
export function outsideText(text: string, limit = 200): string {
  return plainText(redact(text), limit);
}

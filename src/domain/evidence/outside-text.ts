import { plainText, visibleText } from "../flag/plain-text.ts";
import { redact } from "../redact.ts";

/** One line made of what others wrote: without credentials, control and bidirectional characters, cut to length. */
export function outsideText(text: string, limit = 200): string {
  // What shows nothing goes first: it could stand in the middle of a credential.
  return plainText(redact(visibleText(text)), limit);
}

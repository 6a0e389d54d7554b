import { redact } from "../redact.ts";
import type { Flag, Segment } from "./flag.ts";
import { plainName } from "./plain-text.ts";
import { refused, type Refused } from "./refused.ts";

/**
 * A variation's value decides what users get, so it must be kept letter by letter; one that holds a credential cannot
 * be kept at all. Ids of users and values of conditions are no texts: they often look random and are none.
 */
export function holdsCredential(flag: Flag): Refused | null {
  const found = flag.variations.find(({ name, value }) =>
    [name, value].some((text) => redact(text) !== text),
  );
  if (found === undefined) return null;
  return refused(
    "holds_credential",
    `A variation of the flag ${plainName(flag.key)} holds what looks like a credential, which must not be kept here. ` +
      "Change the flag by hand in FeatBit, and take the credential out of it.",
  );
}

/** The same for users, without credentials in the words about it. */
export function withCleanWords(flag: Flag): Flag {
  return {
    ...flag,
    name: redact(flag.name),
    description: redact(flag.description),
    tags: flag.tags.map(redact),
  };
}

export function withCleanName(segment: Segment): Segment {
  return { ...segment, name: redact(segment.name) };
}

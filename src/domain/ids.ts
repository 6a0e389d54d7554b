import { z } from "zod";

/** `INC-` and ten characters of Crockford base 32. Short enough to say on the phone. */
export const IncidentId = z
  .string()
  .regex(/^INC-[0-9A-HJKMNP-TV-Z]{10}$/)
  .brand("IncidentId");
export type IncidentId = z.infer<typeof IncidentId>;

/** `CHG-` and ten characters of Crockford base 32. It stands in FeatBit's comment, the card and the ledger. */
export const ChangeId = z
  .string()
  .regex(/^CHG-[0-9A-HJKMNP-TV-Z]{10}$/)
  .brand("ChangeId");
export type ChangeId = z.infer<typeof ChangeId>;

/** `STA-` and ten characters of Crockford base 32: a standing approval. */
export const StandingId = z
  .string()
  .regex(/^STA-[0-9A-HJKMNP-TV-Z]{10}$/)
  .brand("StandingId");
export type StandingId = z.infer<typeof StandingId>;

/** One HTTP request of a source, as committed in the inbox. */
export const DeliveryId = z.uuid().brand("DeliveryId");
export type DeliveryId = z.infer<typeof DeliveryId>;

/** Follows one delivery or one person's request through every log line, row and message. */
export const CorrelationId = z.string().min(1).max(64).brand("CorrelationId");
export type CorrelationId = z.infer<typeof CorrelationId>;

/** An instant in UTC, ISO 8601 with `Z` and milliseconds, as `Date.prototype.toISOString` writes it. */
export const Instant = z.iso.datetime().brand("Instant");
export type Instant = z.infer<typeof Instant>;

export function toInstant(at: Date | number): Instant {
  return Instant.parse(new Date(at).toISOString());
}

/** `at` moved by `ms` milliseconds. */
export function later(at: Instant, ms: number): Instant {
  return toInstant(Date.parse(at) + ms);
}

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Ten characters of an id from ten or more random bytes. The caller brings the randomness. */
export function idTail(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 10), (byte) => alphabet[byte & 31]).join("");
}

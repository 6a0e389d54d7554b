import { randomBytes } from "node:crypto";

const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";

/** An id with Slack's look: a kind letter and ten capitals or digits, such as `C0K3XQ7M2PA`. */
export function newId(prefix: string): string {
  const tail = [...randomBytes(9)].map((byte) => alphabet[byte % alphabet.length]).join("");
  return `${prefix}0${tail}`;
}

export function newToken(bytes = 12): string {
  return randomBytes(bytes).toString("hex");
}

/** The id Slack gives to a block that came without one. */
export function newBlockId(): string {
  return randomBytes(4).toString("base64url").slice(0, 5);
}

/** Message timestamps: `seconds.microseconds`, strictly rising, because Slack uses them as ids within a channel. */
export function createTimestamps(now: () => number): () => string {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Math.floor(now() * 1000));
    return `${Math.floor(last / 1_000_000)}.${String(last % 1_000_000).padStart(6, "0")}`;
  };
}

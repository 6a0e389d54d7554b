import { randomBytes, randomUUID } from "node:crypto";

export const ZERO_GUID = "00000000-0000-0000-0000-000000000000";
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isGuid = (text: string): boolean => GUID.test(text);

export const newGuid = (): string => randomUUID();

/** A time-ordered id (UUID version 7), as FeatBit gives to rows. */
export function newRowId(atMs: number): string {
  const time = Math.floor(atMs).toString(16).padStart(12, "0");
  const tail = randomBytes(10).toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(1, 4)}-${variantOf(tail[4])}${tail.slice(5, 8)}-${tail.slice(8, 20)}`;
}

const variantOf = (digit = "0"): string => ((parseInt(digit, 16) & 0x3) | 0x8).toString(16);

/** FeatBit writes the first three groups little-endian (the .NET layout), in 22 URL-safe characters. */
export function encodeGuid(guid: string): string {
  const bytes = dotnetOrder(Buffer.from(guid.replaceAll("-", ""), "hex"));
  return bytes.toString("base64").replaceAll("/", "_").replaceAll("+", "-").slice(0, 22);
}

export function decodeGuid(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{22}$/.test(text)) return undefined;
  const bytes = Buffer.from(text.replaceAll("_", "/").replaceAll("-", "+"), "base64");
  if (bytes.length !== 16) return undefined;
  const hex = dotnetOrder(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function dotnetOrder(bytes: Buffer): Buffer {
  const part = (from: number, to: number) => Buffer.from(bytes.subarray(from, to).toReversed());
  return Buffer.concat([part(0, 4), part(4, 6), part(6, 8), bytes.subarray(8)]);
}

/** An SDK secret: 44 characters, the second half is the environment's id. */
export const newSecret = (envId: string): string => encodeGuid(newGuid()) + encodeGuid(envId);

export function envOfSecret(secret: string): string | undefined {
  return secret.length === 44 && decodeGuid(secret.slice(0, 22)) ? decodeGuid(secret.slice(22)) : undefined;
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { machine } from "./machine.ts";

const Kept = z.array(z.unknown());

/** Adds a result to those of its day, `<date>.json`, and says where that is. */
export function keepResult(folder: string, result: object, at: Date = new Date()): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${at.toISOString().slice(0, 10)}.json`);
  const before = existsSync(file) ? Kept.parse(JSON.parse(readFileSync(file, "utf8"))) : [];
  const entry = { at: at.toISOString(), machine: machine(), ...result };
  writeFileSync(file, `${JSON.stringify([...before, entry], null, 2)}\n`);
  return file;
}

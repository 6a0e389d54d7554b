import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { Account } from "./holder.ts";

/** The accounts Signalman can be tried as here: as root both root and an ordinary user, else just ourselves. */
export function accounts(): { title: string; account: Account | undefined }[] {
  if (process.getuid?.() !== 0) return [{ title: "an ordinary user", account: undefined }];
  const nobody = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const found = nobody.find(([name]) => name === "nobody");
  const asRoot = { title: "root", account: undefined };
  if (!found || !othersMayPass(import.meta.dirname) || !othersMayPass(process.execPath)) {
    process.stdout.write("not tried as an ordinary user: only root can enter this checkout\n");
    return [asRoot];
  }
  const account = { name: "nobody", uid: Number(found[2]), gid: Number(found[3]) };
  return [asRoot, { title: "an ordinary user", account }];
}

function othersMayPass(target: string): boolean {
  for (let folder = target; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

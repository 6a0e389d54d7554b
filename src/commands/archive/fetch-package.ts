import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { OpsError } from "../../domain/ops-error.ts";

/** Has npm fetch one exact version, checked by its integrity, into a folder that is removed on disposal. */
export async function fetchPackage(spec: string): Promise<AsyncDisposable & { folder: string }> {
  const scratch = await mkdtemp(path.join(tmpdir(), "signalman-package-"));
  // The account that the server runs as has to be able to enter.
  await chmod(scratch, 0o755);
  const undo = () => rm(scratch, { recursive: true, force: true });
  const options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const onWindows = process.platform === "win32";
  try {
    await promisify(execFile)(
      onWindows ? "npm.cmd" : "npm",
      ["install", ...options, "--prefix", scratch, spec],
      { shell: onWindows, cwd: scratch },
    );
  } catch (cause) {
    await undo();
    const words = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : String(cause);
    throw new OpsError(
      "unreachable",
      `npm could not fetch ${spec}: ${words.slice(0, 500)}. Without network, unpack that package yourself and name its folder with --from.`,
      { cause },
    );
  }
  const name = spec.slice(0, spec.lastIndexOf("@"));
  return { folder: path.join(scratch, "node_modules", name), [Symbol.asyncDispose]: undo };
}

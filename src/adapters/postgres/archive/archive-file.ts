import { randomBytes } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { link, open, rm, stat } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { OpsError } from "../../../domain/ops-error.ts";

/** Disk full, quota reached, file larger than it may be. */
const noRoom = ["ENOSPC", "EDQUOT", "EFBIG"];

/**
 * Writes what comes, compressed, to a new file that only its owner may read. It appears whole, on the disk, or not at
 * all, and never in the place of another. Answers its size. Throws `OpsError`.
 */
export async function writeArchiveFile(file: string, source: AsyncIterable<Buffer>): Promise<number> {
  if (existsSync(file)) throw alreadyThere(file);
  const draft = `${file}.part-${randomBytes(4).toString("hex")}`;
  try {
    {
      await using handle = await open(draft, "wx", 0o600);
      await pipeline(source, createGzip(), async (compressed: AsyncIterable<Uint8Array>) => {
        for await (const chunk of compressed) await handle.writeFile(chunk);
      });
      await handle.sync();
    }
    // Unlike a rename, a link takes nobody's place.
    await link(draft, file).catch((error: unknown) => {
      throw codeOf(error) === "EEXIST" ? alreadyThere(file) : error;
    });
    return (await stat(file)).size;
  } catch (cause) {
    const code = codeOf(cause);
    if (noRoom.includes(code)) {
      throw new OpsError(
        "server_error",
        `There is no room for ${file} (${code}). Make room or choose another place; nothing was left there.`,
        { cause },
      );
    }
    if (["ENOENT", "EACCES", "EPERM", "EROFS", "ENOTDIR"].includes(code)) {
      throw new OpsError(
        "misconfigured",
        `${file} cannot be written (${code}). Name a file in a folder that is there and that this account may write to.`,
        { cause },
      );
    }
    throw cause;
  } finally {
    await rm(draft, { force: true });
  }
}

/** The bytes of an archive's file. Throws `OpsError` where it cannot be read, or is cut or damaged. */
export async function* readArchiveFile(file: string): AsyncGenerator<Uint8Array> {
  const unpacked = new PassThrough();
  const reading = pipeline(createReadStream(file), createGunzip(), unpacked).catch((error: unknown) =>
    unpacked.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    for await (const chunk of unpacked) yield chunk;
    await reading;
  } catch (cause) {
    const code = codeOf(cause);
    if (code.startsWith("Z_")) {
      throw new OpsError(
        "misconfigured",
        `${file} is no backup of Signalman, or it is cut or damaged (${code}). Nothing was restored; take another backup.`,
        { cause },
      );
    }
    if (["ENOENT", "EACCES", "EPERM", "EISDIR"].includes(code)) {
      throw new OpsError(
        "misconfigured",
        `${file} cannot be read (${code}). Name a backup that is there and that this account may read.`,
        { cause },
      );
    }
    throw cause;
  } finally {
    unpacked.destroy();
  }
}

function alreadyThere(file: string): OpsError {
  return new OpsError(
    "misconfigured",
    `${file} is there already, and a backup takes nobody's place. Name another file.`,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

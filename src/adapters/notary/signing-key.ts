import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../domain/ops-error.ts";

export const signingKeyFile = "signing-key.pem";

/**
 * The key that signs checkpoints: the one of LEDGER_KEY_FILE, or one that is made in `folder` at the first start.
 * Throws `OpsError` (`misconfigured`) where it cannot be used, or where others could use it too.
 */
export async function loadSigningKey(keyFile: string | null, folder: string): Promise<KeyObject> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw refused(
      `The folder ${folder} for the ledger's checkpoints cannot be made (${codeOf(cause)}). Set database.dataFolder in signalman.yml to a folder that this account may write.`,
      cause,
    );
  });
  const file = keyFile ?? join(folder, signingKeyFile);
  if (keyFile === null) await makeOnce(file);
  return readSigningKey(file, keyFile !== null);
}

/** Looks at a key that must be there; makes nothing. `isGiven`: LEDGER_KEY_FILE names it. Throws like `loadSigningKey`. */
export async function readSigningKey(file: string, isGiven: boolean): Promise<KeyObject> {
  const pem = await readFile(file, "utf8").catch((cause: unknown) => {
    throw refused(
      `The ledger's key ${file} cannot be read (${codeOf(cause)}). ${!isGiven ? "Make it readable for this account." : "Correct LEDGER_KEY_FILE, or unset it to have a key made in the data folder."}`,
      cause,
    );
  });
  await refuseOpen(file);
  return parseKey(file, pem);
}

/** One of two that start at once makes it, and both read it. */
async function makeOnce(file: string): Promise<void> {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  await writeFile(file, pem, { mode: 0o600, flag: "wx" }).catch((cause: unknown) => {
    if (codeOf(cause) === "EEXIST") return;
    throw refused(
      `The ledger's key cannot be written to ${file} (${codeOf(cause)}). Let this account write there.`,
      cause,
    );
  });
}

/** Root's own key may be read by a group, as a mounted secret is; one of ours by us alone. Windows has no such modes. */
async function refuseOpen(file: string): Promise<void> {
  if (process.platform === "win32") return;
  const { mode, uid } = await stat(file);
  const isRoots = uid === 0 && process.getuid?.() !== 0;
  if ((mode & (isRoots ? 0o027 : 0o077)) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  throw refused(
    `Others may read the ledger's key ${file} (mode ${shown}): whoever has it can sign a forged ledger. Run "chmod 600" on it, and make a new key if somebody may have read it.`,
  );
}

function parseKey(file: string, pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    // The error of the library is not repeated: it may quote from the file.
    throw refused(`${file} holds no private key in PEM form. ${remedy}`, cause);
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw refused(
    `${file} holds a key of the kind ${key.asymmetricKeyType ?? "unknown"}, not Ed25519. ${remedy}`,
  );
}

const remedy = 'Make one with "openssl genpkey -algorithm ed25519".';

function refused(message: string, cause?: unknown): OpsError {
  return new OpsError("misconfigured", message, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

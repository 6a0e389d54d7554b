import { readSigningKey } from "../../adapters/notary/signing-key.ts";
import { OpsError } from "../../domain/ops-error.ts";
import { type Check, problem } from "./check.ts";

/** Whether the key of LEDGER_KEY_FILE can sign, and nobody else can read it. Without it the first start makes one. */
export const checkLedgerKey: Check = {
  name: "ledger key",
  async run({ config: { web } }) {
    const keyFile = web?.ledger.keyFile ?? null;
    if (keyFile === null) return [];
    try {
      await readSigningKey(keyFile, true);
      return [];
    } catch (error) {
      if (!(error instanceof OpsError)) throw error;
      return [
        problem(
          error.message,
          "Without a key of its own nobody can prove that the ledger was not written anew.",
          "Correct LEDGER_KEY_FILE or the file's mode, or unset it to have a key made in the data folder.",
        ),
      ];
    }
  },
};

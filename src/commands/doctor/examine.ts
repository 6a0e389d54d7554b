import { OpsError } from "../../domain/ops-error.ts";
import { type Check, type Examined, type Finding, problem } from "./check.ts";
import { checkClock } from "./check-clock.ts";
import { checkConfiguration } from "./check-configuration.ts";
import { checkConsole } from "./check-console.ts";
import { checkControls } from "./check-controls.ts";
import { checkDatabase } from "./check-database.ts";
import { checkDocuments } from "./check-documents.ts";
import { checkFeatBitAccess } from "./check-featbit-access.ts";
import { checkFeatBitRights } from "./check-featbit-rights.ts";
import { checkLedgerKey } from "./check-ledger-key.ts";
import { checkMachine } from "./check-machine.ts";
import { checkModel } from "./check-model.ts";
import { checkPeople } from "./check-people.ts";
import { checkQueue } from "./check-queue.ts";
import { checkSlackChannels } from "./check-slack-channels.ts";
import { checkSlackToken } from "./check-slack-token.ts";
import { checkSlackTransport } from "./check-slack-transport.ts";
import { checkSources } from "./check-sources.ts";
import { checkTelemetry } from "./check-telemetry.ts";

/** All that the doctor looks at, in the order in which it tells. */
export const checks: readonly Check[] = [
  checkConfiguration,
  checkMachine,
  checkDocuments,
  checkSources,
  checkSlackToken,
  checkSlackTransport,
  checkSlackChannels,
  checkPeople,
  checkFeatBitAccess,
  checkFeatBitRights,
  checkControls,
  checkClock,
  checkDatabase,
  checkLedgerKey,
  checkQueue,
  checkModel,
  checkTelemetry,
  checkConsole,
];

export interface Examination {
  check: string;
  findings: Finding[];
}

/** Starting the database that came along takes longest. */
const longestMs = 45_000;

/** All checks at once. One that fails, or does not end in time, is a finding and holds up no other. */
export async function examine(examined: Examined, only: readonly Check[] = checks): Promise<Examination[]> {
  return Promise.all(
    only.map(async (check) => ({ check: check.name, findings: await findingsOf(check, examined) })),
  );
}

async function findingsOf(check: Check, examined: Examined): Promise<Finding[]> {
  const { promise: late, resolve } = Promise.withResolvers<Finding[]>();
  const timer = setTimeout(
    () => resolve([failed(check, `It did not end within ${longestMs / 1000} s.`)]),
    longestMs,
  );
  try {
    return await Promise.race([check.run(examined), late]);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    if (error instanceof OpsError) return [failed(check, words)];
    return [problem(`The check failed: ${words}`, "This is a defect of Signalman.", "Tell its makers.")];
  } finally {
    clearTimeout(timer);
  }
}

function failed({ name }: Check, words: string): Finding {
  return problem(words, `Nothing could be said about ${name}.`, "Mend this first, and look again.");
}

import { expect } from "vitest";
import type { Amazon } from "./amazon.ts";
import { type Ended, type Intake, post, secretOf } from "./open-intake.ts";
import type { VendorBody } from "./vendor-bodies.ts";
import { vendorHeaders } from "./vendor-headers.ts";

/** A vendor's body and what became of it. */
export type Came = VendorBody & Ended;

/** What a source says at the end of trouble; it goes last, so that there is something to end. */
const endings = /resolved|recovered|closed|-close|-ok|-up|deactivated|merged/;

/**
 * Sends each body as its vendor does, after a forgery that must not get in, and gives what became of them. Without
 * Amazon its messages are left out.
 */
export async function sendAsVendors(
  bodies: readonly VendorBody[],
  intake: Intake,
  amazon: Amazon | null,
): Promise<Came[]> {
  const ordered = bodies
    .filter(({ kind }) => kind !== "cloudwatch" || amazon !== null)
    .toSorted((a, b) => Number(endings.test(a.file)) - Number(endings.test(b.file)));
  const correlationIds: string[] = [];
  for (const sent of ordered) {
    const { file, kind, sourceId } = sent;
    const signer = kind === "cloudwatch" ? amazon : null;
    const url = (signer ?? intake).doorOf(sourceId);
    const body = signer?.sign(sent) ?? sent.body;
    // Amazon signs with its own key, so there it is the body that is another.
    const other =
      signer === null ? body : Buffer.from(body.toString().replace(/"Message":"./, '"Message":"!'));
    const headersWith = (secret: string) => vendorHeaders({ id: sourceId, kind, secret }, body, file);
    const forged = await post(url, other, headersWith("not-the-secret-of-this-source"));
    expect(forged.status, `${file}, forged`).toBe(401);
    const { status, answer, correlationId } = await post(url, body, headersWith(secretOf(sourceId)));
    expect(status, `${file}: ${answer}`).toBe(202);
    correlationIds.push(correlationId);
  }
  const ended = await intake.endsOf(correlationIds);
  return ordered.flatMap((sent, index) => (ended[index] === undefined ? [] : [{ ...sent, ...ended[index] }]));
}

/** One line a kind: files, how they ended, and why those that ended in no incident did not. */
export function tableOf(title: string, came: readonly Came[]): string {
  const rows = [...new Set(came.map(({ kind }) => kind))].toSorted().map((kind) => {
    const ofKind = came.filter((each) => each.kind === kind);
    const count = (outcome: string) => ofKind.filter((each) => each.outcome === outcome).length;
    const reasons = ofKind
      .filter(({ outcome }) => outcome !== "joined")
      .map(({ file, words }) => `${/([^/]+)\.json$/.exec(file)?.[1]}: ${words.replace(/\.$/, "")}`);
    const alerts = ofKind.reduce((sum, each) => sum + each.alerts.length, 0);
    const cells = [kind, ofKind.length, count("joined"), alerts, count("quarantined"), count("noted")];
    return `| ${[...cells, reasons.join("; ") || "-"].join(" | ")} |`;
  });
  const head = "| kind | files | in incidents | alerts | quarantined | noted | why not in an incident |";
  return [`${title}:`, head, "| --- | --- | --- | --- | --- | --- | --- |", ...rows, ""].join("\n");
}

export function filesThatEnded(outcome: string, came: readonly Came[]): string[] {
  return came
    .filter((each) => each.outcome === outcome)
    .map(({ file }) => file.replace(/\.json$/, ""))
    .toSorted();
}

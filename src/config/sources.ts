import { z } from "zod";
import { Source } from "../domain/source.ts";
import type { Secret } from "./secret.ts";
import type { Variables } from "./variables.ts";

export const SourcesSettings = z.array(Source).max(200).default([]);
export type SourcesSettings = z.infer<typeof SourcesSettings>;

const shortest = 16;

/**
 * Each source's secret by the source's id. A source without one does not start; a kind that is signed with its vendor's
 * key (`cloudwatch`) needs none and is not in the answer.
 */
export function readSourceSecrets(
  sources: SourcesSettings,
  variables: Variables,
  placeOf: (path: readonly PropertyKey[]) => string,
): Map<string, Secret> {
  const secrets = new Map<string, Secret>();
  for (const [index, source] of sources.entries()) {
    if (source.kind === "cloudwatch") continue;
    const { id, secretEnv } = source;
    const secret = variables.secret(
      secretEnv,
      `the source "${id}" (${placeOf(["sources", index, "secretEnv"])}) names it: set it to a long random text that the sender knows too`,
    );
    const { length } = secret.reveal();
    if (length > 0 && length < shortest) {
      variables.findings.push(
        `${secretEnv} has ${length} characters; use at least ${shortest}, such as the output of "openssl rand -hex 32".`,
      );
    }
    secrets.set(id, secret);
  }
  return secrets;
}

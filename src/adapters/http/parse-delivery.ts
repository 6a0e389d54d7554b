import type { Source } from "../../domain/source.ts";
import type { ParsedDelivery } from "../../pipeline/ports/intake.ts";
import type { ClaimedDelivery } from "../../pipeline/ports/storage.ts";
import * as alertmanager from "./kinds/alertmanager.ts";
import * as generic from "./kinds/generic.ts";

/** Reads a delivery's bytes as the kind of its source says. Pure; never throws for bad content. */
export function parseDelivery(
  { sourceId, body, receivedAt }: Pick<ClaimedDelivery, "sourceId" | "body" | "receivedAt">,
  sources: readonly Source[],
): ParsedDelivery {
  const source = sources.find(({ id }) => id === sourceId);
  if (source === undefined) {
    return {
      kind: "unmappable",
      reason: `Its source "${sourceId}" is not declared in signalman.yml any more`,
    };
  }
  switch (source.kind) {
    case "alertmanager":
      return alertmanager.parse(body, receivedAt, source);
    case "generic":
      return generic.parse(body, receivedAt, source);
  }
}

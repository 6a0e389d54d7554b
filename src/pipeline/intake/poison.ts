import type { DeliveryId } from "../../domain/ids.ts";
import { OpsError } from "../../domain/ops-error.ts";

/** A bug that shows with one delivery of several: which one, and (as `cause`) what went wrong. */
export class Poison extends Error {
  override readonly name = "Poison";
  readonly deliveryId: DeliveryId;

  constructor(deliveryId: DeliveryId, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.deliveryId = deliveryId;
  }
}

/** What went wrong with a delivery, as its own fault, unless it is a failure outside. */
export function poisonOf(deliveryId: DeliveryId, error: unknown): unknown {
  return error instanceof OpsError ? error : new Poison(deliveryId, error);
}

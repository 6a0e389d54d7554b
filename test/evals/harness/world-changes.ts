import { DeliveryId } from "../../../src/domain/ids.ts";
import type { OutsideChange, PlacedChange } from "../../../src/domain/outside-change.ts";
import type { ReadOutsideChanges } from "../../../src/pipeline/evidence/gather-changes.ts";
import type { World } from "./world.ts";
import { instantAgo } from "./world-flags.ts";

/** Deploys that a pipeline told of, and other changes, as the store keeps them. */
export function outsideChangesOf(world: World): ReadOutsideChanges {
  const deploys = (world.deploys ?? [])
    .filter(({ told }) => told)
    .map(({ ago, version }) => toldOf(world, "deploy", ago, `Deploy of ${version}`, version));
  const others = world.changes.map(({ ago, kind, title }) => toldOf(world, kind, ago, title, ""));
  const all = [...deploys, ...others];
  return async ({ from, to }) =>
    all.filter(
      ({ change: { at } }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to),
    );
}

function toldOf(
  world: World,
  kind: OutsideChange["kind"],
  ago: number,
  title: string,
  version: string,
): PlacedChange {
  return {
    change: {
      sourceId: "pipeline",
      id: `${kind}-${ago}`,
      kind,
      state: "succeeded",
      title,
      version,
      author: "ci",
      at: instantAgo(ago),
      labels: {},
      links: [],
    },
    deliveryId: DeliveryId.parse("00000000-0000-4000-8000-000000000001"),
    service: world.service,
    environmentName: world.environment,
  };
}

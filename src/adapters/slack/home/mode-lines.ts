import { controlFlags } from "../../../domain/policy/control-flags.ts";
import type { PlaceMode } from "../../../pipeline/ports/home.ts";
import { bullets } from "../blocks.ts";
import { code, mrkdwn } from "../escape-text.ts";

const modeKey = controlFlags.find(({ name }) => name === "mode")?.key;

/** The mode of every place and what says so, escaped; places of which the same is true stand together. */
export function modeLines(modes: readonly PlaceMode[]): string[][] {
  const alike = Map.groupBy(modes, ({ mode, lowered, evaluations }) =>
    JSON.stringify([mode, lowered, evaluations]),
  );
  return [...alike.values()].flatMap((places) => {
    const [first] = places;
    if (first === undefined) return [];
    const named = places.map(
      ({ service, environmentName }) => `${code(service, 60)} ${mrkdwn(environmentName, 60)}`,
    );
    const where = named.length > 12 ? [...named.slice(0, 12), `${named.length - 12} more places`] : named;
    return [[`*${first.mode}*: ${where.join(", ")}`, ...bullets(reasonsOf(first))]];
  });
}

function reasonsOf({ lowered, evaluations }: PlaceMode): string[] {
  const control = evaluations.find(({ key }) => key === modeKey);
  return [
    ...lowered.map(({ reason }) => mrkdwn(reason, 400)),
    ...(control === undefined
      ? []
      : [
          `The flag ${code(control.key, 60)} says ${code(control.value, 60)} (${mrkdwn(control.reason, 200)}).`,
        ]),
  ];
}

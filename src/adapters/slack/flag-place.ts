import { z } from "zod";

/** Where a flag is, as a button or a form carries it. It is read again from the flag platform at every step. */
export const FlagPlace = z.strictObject({
  project: z.string().min(1).max(200),
  environment: z.string().min(1).max(200),
  flagKey: z.string().min(1).max(300),
});
export type FlagPlace = z.infer<typeof FlagPlace>;

const lead = "flag|";

export function flagPlaceValue({ project, environment, flagKey }: FlagPlace): string {
  return `${lead}${JSON.stringify({ project, environment, flagKey })}`;
}

/** Null for anything that we did not write like that. */
export function parseFlagPlace(value: string): FlagPlace | null {
  if (!value.startsWith(lead)) return null;
  try {
    return FlagPlace.safeParse(JSON.parse(value.slice(lead.length))).data ?? null;
  } catch {
    return null;
  }
}

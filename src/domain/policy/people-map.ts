import { z } from "zod";

const Email = z.string().regex(/^[^\s@]{1,64}@[^\s@]{1,255}$/, "an e-mail address such as maya@example.com");

/** `governance/people.yml`: who in Slack is who in the flag platform, where their e-mail addresses differ. */
export const PeopleMap = z.strictObject({
  /** E-mail address in the flag platform, capitals do not matter → Slack user id. */
  people: z
    .record(Email, z.string().regex(/^[UW][A-Z0-9]{2,}$/, "a Slack user id such as U0123ABCD"))
    .default({})
    .superRefine((people, context) => {
      const seen = new Set<string>();
      for (const email of Object.keys(people)) {
        const small = email.toLowerCase();
        if (seen.has(small))
          context.addIssue({ code: "custom", path: [email], message: "stands here twice" });
        seen.add(small);
      }
    }),
});
export type PeopleMap = z.infer<typeof PeopleMap>;

/** The Slack user id that the file names for this address; null where it names none. */
export function personOf({ people }: PeopleMap, email: string): string | null {
  const wanted = email.toLowerCase();
  return Object.entries(people).find(([each]) => each.toLowerCase() === wanted)?.[1] ?? null;
}

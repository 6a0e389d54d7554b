import { z } from "zod";
import { suggestion } from "../domain/closest-word.ts";

/** What one process does, and therefore which credentials it holds; `all` is all three in one process. */
export const ProcessRole = z.enum(["all", "web", "worker", "executor"]);
export type ProcessRole = z.infer<typeof ProcessRole>;

/** The role, or null after saying what is wrong. */
export function readProcessRole(text: string, findings: string[]): ProcessRole | null {
  const role = ProcessRole.safeParse(text);
  if (role.success) return role.data;
  findings.push(
    `--role: there is no role "${text.slice(0, 60)}"; use ${ProcessRole.options.join(", ")}.${suggestion(text, ProcessRole.options)}`,
  );
  return null;
}

/**
 * Reads a value of unknown type as what the test expects it to be. For recorded answers and other data whose shape the
 * assertions that follow would contradict.
 */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-parameters -- the one place
export const typed = <T>(value: unknown): T => value as T;

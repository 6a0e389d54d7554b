/**
 * Our own settings or documents are wrong. Carries every finding at once, so that nobody has to start
 * again for each; each is one sentence that names the variable or `file:line:column` and the remedy.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly findings: readonly string[];

  constructor(findings: readonly string[]) {
    super(findings.join("\n"));
    this.findings = findings;
  }
}

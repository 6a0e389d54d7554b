import type { GovernanceContract } from "../../domain/policy/governance-contract.ts";
import { reviewRuleFor } from "../../domain/policy/governance-contract.ts";

/** What a contract says, in lines for a person. Of one environment, or of all that it names. */
export function contractWords(contract: GovernanceContract, environment: string | undefined): string[] {
  const { tool, summary, owner, riskClass, reversibility, workflow, defaultMode, allowedModes } = contract;
  const { hardBoundary, runtimeControls, evidenceRule, rollback, lifecycle } = contract;
  return [
    `${tool}: ${summary}`,
    `  owner        ${owner}; when it is unhealthy: ${rollback.owner}`,
    `  risk         ${riskClass}, reversible: ${reversibility}`,
    `  used in      ${workflow === "any" ? "incidents and people's requests" : workflow}`,
    `  modes        ${defaultMode} at the most by default; allowed: ${allowedModes.join(", ")}; when unhealthy: ${rollback.safestMode}`,
    `  may need     ${hardBoundary.apiScopes.join(", ")}, as ${hardBoundary.serviceIdentity}`,
    ...never(contract),
    `  ruled by     ${runtimeControls.length === 0 ? "no FeatBit flag" : runtimeControls.join(", ")}, and /ops overrides`,
    `  evidence     ${evidenceRule.minimumCitations === 0 ? "none asked for" : `at least ${evidenceRule.minimumCitations} cited`}`,
    ...approvalWords(contract, environment),
    ...(contract.attestation === undefined ? [] : [`  stated first "${contract.attestation.statement}"`]),
    `  lifecycle    ${lifecycle.kind}${lifecycle.reviewAfter === undefined ? "" : `, looked at again after ${lifecycle.reviewAfter}`}${lifecycle.cleanupCondition === "" ? "" : `; cleaned up when: ${lifecycle.cleanupCondition}`}`,
    ...(lifecycle.reviewDate === undefined
      ? []
      : [`  contract     to be reviewed by ${lifecycle.reviewDate}`]),
  ];
}

function never({
  hardBoundary: { blockedEnvironments, blockedTags, blockedScopes },
}: GovernanceContract): string[] {
  const parts = [
    ...(blockedEnvironments.length > 0 ? [`in ${blockedEnvironments.join(", ")}`] : []),
    ...(blockedTags.length > 0 ? [`on flags tagged ${blockedTags.join(", ")}`] : []),
    ...(blockedScopes.length > 0 ? [`with ${blockedScopes.join(", ")}`] : []),
  ];
  return parts.length === 0 ? [] : [`  never        ${parts.join("; ")}`];
}

function approvalWords(contract: GovernanceContract, environment: string | undefined): string[] {
  const { approval } = contract;
  if (approval === undefined) return ["  approval     nobody is asked"];
  const named = environment === undefined ? Object.keys(approval.reviewers) : [environment];
  const who = named.map((key) => {
    const rule = reviewRuleFor(contract, key);
    if (rule === null) return `${key}: nobody`;
    const required =
      rule.requiredRoles.length === 0 ? "" : `, among them ${rule.requiredRoles.join(" and ")}`;
    return `${key}: ${rule.count} of ${rule.roles.join(" or ")}${required}`;
  });
  const { sla, reminders, escalation, breakGlass, standing } = approval;
  const use = {
    every_use: "of every use",
    raising_authority: "where authority is raised",
    no_use: "of no use",
  };
  return [
    `  approval     ${use[approval.requiredFor]}; ${who.join("; ")}`,
    `               ${approval.separationOfDuties ? "not by whoever asked" : "also by whoever asked"}; whoever changed the flag within ${approval.recentEditorWithin} is not enough alone`,
    `  in time      ${sla === undefined ? "no time is expected" : `expected within ${sla}`}; ends after ${approval.expiresAfter}, then mode ${approval.timeoutFallback}`,
    ...(reminders.length === 0 ? [] : [`               reminded after ${reminders.join(", ")}`]),
    ...escalation.map(({ after, roles }) => `               after ${after} also ${roles.join(" or ")}`),
    ...(breakGlass === undefined
      ? []
      : [`  emergency    one of ${breakGlass.roles.join(" or ")} alone, for ${breakGlass.validFor}`]),
    ...(standing === undefined
      ? []
      : [`  standing     at most ${standing.longest} and ${standing.mostUses} uses`]),
  ];
}

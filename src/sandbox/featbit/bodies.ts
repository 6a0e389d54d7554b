import type { Shape } from "./bind.ts";

const text: Shape = { is: "string" };
const bool: Shape = { is: "boolean" };
const number: Shape = { is: "number" };
const guid: Shape = { is: "guid" };
const object = (type: string, fields: Record<string, Shape>): Shape => ({ is: "object", type, fields });
const list = (kind: "ICollection" | "IEnumerable", type: string, of: Shape): Shape => ({
  is: "list",
  type: `System.Collections.Generic.${kind}\`1[${type}]`,
  of,
});
const texts = list("ICollection", "System.String", text);

const variations = list(
  "ICollection",
  "Domain.FeatureFlags.Variation",
  object("Domain.FeatureFlags.Variation", { id: text, name: text, value: text }),
);
const rollouts = list(
  "ICollection",
  "Domain.FeatureFlags.RolloutVariation",
  object("Domain.FeatureFlags.RolloutVariation", {
    id: text,
    rollout: { is: "list", type: "System.Double[]", of: number },
    exptRollout: number,
  }),
);
const conditions = list(
  "ICollection",
  "Domain.Targeting.Condition",
  object("Domain.Targeting.Condition", { id: text, property: text, op: text, value: text }),
);
const rules = list(
  "ICollection",
  "Domain.FeatureFlags.TargetRule",
  object("Domain.FeatureFlags.TargetRule", {
    id: text,
    name: text,
    dispatchKey: text,
    includedInExpt: bool,
    conditions,
    variations: rollouts,
  }),
);
const targeting = object("Domain.FeatureFlags.FlagTargeting", {
  targetUsers: list(
    "ICollection",
    "Domain.FeatureFlags.TargetUser",
    object("Domain.FeatureFlags.TargetUser", { keyIds: texts, variationId: text }),
  ),
  rules,
  fallthrough: object("Domain.FeatureFlags.Fallthrough", {
    dispatchKey: text,
    includedInExpt: bool,
    variations: rollouts,
  }),
  exptIncludeAllTargets: bool,
});
const segmentRules = list(
  "ICollection",
  "Domain.Segments.MatchRule",
  object("Domain.Segments.MatchRule", { id: text, name: text, conditions }),
);

/** The typed request bodies; type names appear in the error texts. */
export const bodies = {
  createFlag: object("Application.FeatureFlags.CreateFeatureFlag", {
    name: text,
    key: text,
    isEnabled: bool,
    description: text,
    variationType: text,
    variations,
    enabledVariationId: text,
    disabledVariationId: text,
    tags: texts,
    comment: text,
  }),
  clone: object("Application.FeatureFlags.CloneFlagPayload", {
    name: text,
    key: text,
    description: text,
    tags: texts,
    comment: text,
  }),
  comment: object("Api.Controllers.CommentPayload", { comment: text }),
  targeting: object("Api.Controllers.UpdateTargetingPayload", { revision: guid, targeting, comment: text }),
  offVariation: object("Api.Controllers.UpdateOffVariation", {
    revision: guid,
    offVariationId: text,
    comment: text,
  }),
  variations: object("Api.Controllers.UpdateVariations", { revision: guid, variations, comment: text }),
  name: object("Api.Controllers.UpdateName", { name: text, comment: text }),
  description: object("Api.Controllers.UpdateDescription", { description: text, comment: text }),
  tags: object("Api.Controllers.UpdateTags", { tags: texts, comment: text }),
  createSegment: object("Application.Segments.CreateSegment", {
    type: text,
    name: text,
    key: text,
    description: text,
    scopes: texts,
    comment: text,
  }),
  segmentTargeting: object("Application.Segments.UpdateTargeting", {
    included: texts,
    excluded: texts,
    rules: segmentRules,
    comment: text,
  }),
  project: object("Application.Projects.CreateProject", { name: text, key: text }),
  environment: object("Application.Environments.CreateEnvironment", {
    name: text,
    key: text,
    description: text,
    settings: object("Domain.Environments.EnvironmentSettings", { requireChangeComment: bool }),
  }),
  compare: object("Application.AuditLogs.CompareDataChange", {
    refType: text,
    dataChange: object("Domain.AuditLogs.DataChange", { previous: text, current: text }),
  }),
  evaluate: object("Api.Public.EvaluationRequest", { user: { is: "any" }, filter: { is: "any" } }),
  clientUser: object("Domain.EndUsers.EndUser", {
    keyId: text,
    name: text,
    customizedProperties: { is: "any" },
  }),
  insights: list("ICollection", "Domain.Insights.Insight", { is: "any" }),
} satisfies Record<string, Shape>;

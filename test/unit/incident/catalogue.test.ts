import { describe, expect, test } from "vitest";
import { groupKeyOf, scopeOf, serviceOf } from "../../../src/domain/catalogue.ts";
import { Service } from "../../../src/domain/service.ts";
import { alertWith } from "../../support/incident-fixtures.ts";

const service = (over: Record<string, unknown>): Service =>
  Service.parse({
    name: "checkout",
    owner: "Omar",
    environments: {
      production: { project: "shop", environment: "prod" },
      staging: { project: "shop", environment: "staging" },
    },
    sources: [{ id: "alertmanager", match: { service: "checkout" } }],
    ...over,
  });
const checkout = service({});
const everything = service({ name: "everything", sources: [{ id: "alertmanager" }] });
const narrow = service({
  name: "checkout-eu",
  sources: [{ id: "alertmanager", match: { service: "checkout", region: "eu" } }],
});

describe("whose an alert is", () => {
  const all = [everything, checkout, narrow];
  test.each([
    ["the service named by its label", { service: "checkout" }, all, "checkout"],
    ["the most specific of several", { service: "checkout", region: "eu" }, all, "checkout-eu"],
    ["the least specific for want of a better one", { service: "search" }, all, "everything"],
    ["nobody's", { service: "search" }, [checkout, narrow], null],
    ["nobody's when only part of the labels fits", { region: "eu" }, [checkout, narrow], null],
    [
      "the first of two equally specific ones",
      { service: "checkout" },
      [service({ name: "a" }), checkout],
      "a",
    ],
  ])("%s", (_, labels: Record<string, string>, services, name) => {
    expect(serviceOf(alertWith({ labels }), services)?.name ?? null).toBe(name);
  });

  test("of another source it is nobody's, whatever its labels", () => {
    expect(serviceOf(alertWith({ sourceId: "grafana" }), all)).toBeNull();
  });
});

describe("where it is", () => {
  const only = service({ environments: { production: { project: "shop", environment: "prod" } } });
  const prod = {
    service: "checkout",
    environmentName: "production",
    project: "shop",
    environment: "prod",
  };
  test.each([
    ["by the label environment", { environment: "production" }, checkout, prod],
    ["by the label env", { env: "production" }, checkout, prod],
    ["by the label deployment_environment", { deployment_environment: "production" }, checkout, prod],
    ["by the label stage", { stage: "production" }, checkout, prod],
    ["by the first of several labels", { stage: "staging", environment: "production" }, checkout, prod],
    ["in the only environment, without a label", {}, only, prod],
    ["nowhere, without a label and with two environments", {}, checkout, null],
    ["nowhere, with a label that names no environment", { environment: "moon" }, only, null],
    ["nowhere, with the name of a property of every object", { environment: "constructor" }, only, null],
    ["nowhere, with the name of every object's prototype", { environment: "__proto__" }, only, null],
  ])("%s", (_, labels: Record<string, string>, of, scope) => {
    expect(scopeOf(alertWith({ labels }), of)).toEqual(scope);
  });
});

const key = (over: Parameters<typeof alertWith>[0]) => groupKeyOf(alertWith(over), null);

describe("what belongs together", () => {
  test("a service's environment, whatever the alerts are called", () => {
    const scope = scopeOf(alertWith(), checkout);
    expect(groupKeyOf(alertWith(), scope)).toBe("service/checkout/production");
    expect(groupKeyOf(alertWith({ title: "Latency", groupHint: "x" }), scope)).toBe(
      groupKeyOf(alertWith(), scope),
    );
  });

  test("else what the source says, else the title; never over the sources", () => {
    expect(key({ groupHint: "g" })).toBe("source/alertmanager/g");
    expect(key({})).toBe("source/alertmanager/Checkout errors");
    expect(key({ groupHint: "g" })).not.toBe(key({ groupHint: "g", sourceId: "grafana" }));
    expect(key({ groupHint: "x".repeat(512) }).length).toBeLessThanOrEqual(600);
  });
});

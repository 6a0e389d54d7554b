import { describe, expect, it } from "vitest";
import { alertOf, changesOf, readAs, reasonOf } from "./read-as.ts";

interface Said {
  id?: string;
  subject?: string;
  content?: Record<string, unknown>;
  custom?: Record<string, unknown>;
}

/** As the specification's own examples are built, 0.4 and 0.5. */
function data(type: string, { id = "1", subject = "shop/checkout", content = {}, custom }: Said = {}) {
  return {
    context: {
      specversion: "0.5.0",
      id,
      source: "/ci",
      type: `dev.cdevents.${type}.0.3.0`,
      timestamp: "2026-05-04T08:02:03Z",
    },
    subject: { id: subject, source: "/ci", content },
    ...(custom === undefined ? {} : { customData: custom, customDataContentType: "application/json" }),
  };
}

function event(type: string, said?: Said) {
  return {
    specversion: "1.0",
    id: "1",
    source: "/ci",
    type: `dev.cdevents.${type}.0.3.0`,
    data: data(type, said),
  };
}

function changeOf(type: string, said?: Said) {
  const [change] = changesOf("cloudevents", event(type, said));
  return change;
}

it("reads a CDEvent as its senders wrap it", () => {
  expect(changesOf("cloudevents", "cloudevents-cdevent-deployed")).toMatchObject([
    { title: "Deploy of checkout 2.4.0 to production", author: "ada", at: "2026-05-04T08:02:03.315Z" },
  ]);
});

const content = {
  environment: { id: "production" },
  artifactId: `pkg:oci/checkout-image@sha256%3A${"0b31b1c02ff4".padEnd(64, "5")}?tag=2.4.0`,
};

describe("CDEvents", () => {
  it("of a service are deployments of it", () => {
    expect(changeOf("service.deployed", { content, custom: { author: "Ada" } })).toMatchObject({
      kind: "deploy",
      state: "succeeded",
      title: "Deploy of checkout 2.4.0 to production",
      version: "2.4.0",
      author: "Ada",
      at: "2026-05-04T08:02:03.000Z",
      labels: { service: "checkout", environment: "production", event_subject: "shop/checkout" },
    });
    expect(changeOf("service.upgraded", { content })?.state).toBe("succeeded");
    expect(changeOf("service.rolledback", { content })?.state).toBe("rolled_back");
    expect(changeOf("service.removed", { content: { environment: { id: "production" } } })?.title).toBe(
      "Removal of checkout from production",
    );
  });

  it("of one service are several changes: rolling back to a version is not the news of its first deployment", () => {
    const ids = ["1", "2"].map((id) => changeOf("service.deployed", { id, content })?.id);
    expect(new Set(ids).size).toBe(2);
  });

  it("of one deployment are the same change, under the artifact's name", () => {
    const begun = changeOf("deployment.started", { id: "1", subject: "run-7", content });
    const failed = changeOf("deployment.finished", {
      id: "2",
      subject: "run-7",
      content: { ...content, outcome: "failure" },
    });
    expect([begun?.state, failed?.state]).toEqual(["started", "failed"]);
    expect(failed?.id).toBe(begun?.id);
    expect(failed?.labels["service"]).toBe("checkout-image");
  });

  it("of migrations and environments are changes of data and infrastructure", () => {
    expect(
      changeOf("migration.finished", {
        subject: "V12",
        content: { target: { id: "orders-db", type: "database" }, toVersion: "12", outcome: "success" },
      }),
    ).toMatchObject({ kind: "data", state: "succeeded", title: "Migration of orders-db 12", version: "12" });
    expect(
      changeOf("environment.modified", { subject: "prod-1", content: { name: "production" } }),
    ).toMatchObject({
      kind: "infrastructure",
      title: "Change of the environment production",
      labels: { environment: "production" },
    });
  });

  it("without a tag have the digest as version", () => {
    const artifactId = `pkg:oci/checkout@sha256%3A${"0b31b1c02ff4".padEnd(64, "5")}`;
    expect(changeOf("service.deployed", { content: { artifactId } })?.version).toBe("sha256:0b31b1c02ff4");
  });

  it("of an incident are one alert", () => {
    const said = { subject: "inc-7", content: { description: "Slow", service: { id: "checkout" } } };
    const begun = alertOf(
      "cloudevents",
      event("incident.detected", { ...said, custom: { severity: "critical" } }),
    );
    const ended = alertOf("cloudevents", event("incident.resolved", said));
    expect(begun).toMatchObject({
      status: "firing",
      title: "Slow",
      severity: "critical",
      labels: { service: "checkout" },
    });
    expect(ended).toMatchObject({
      status: "resolved",
      fingerprint: begun.fingerprint,
      groupHint: begun.groupHint,
    });
  });

  it.each([
    "pipelinerun.finished",
    "testcaserun.started",
    "service.published",
    "deployment.queued",
    "incident.seen",
  ])("of %s do nothing", (type) => {
    expect(readAs("cloudevents", event(type)).kind).toBe("nothing");
  });

  it("are read without an envelope, and with one in headers", () => {
    const bare = data("service.deployed", { content });
    const binary = {
      "ce-specversion": "1.0",
      "ce-id": "1",
      "ce-source": "/ci",
      "ce-type": bare.context.type,
    };
    expect(changesOf("cloudevents", bare)).toEqual(
      changesOf("cloudevents", event("service.deployed", { content })),
    );
    expect(changesOf("cloudevents", bare, binary)).toEqual(changesOf("cloudevents", bare));
  });

  it("without a subject cannot be mapped", () => {
    expect(reasonOf("cloudevents", { context: data("service.deployed").context })).toBe(
      "subject.id: missing; every CDEvent has it",
    );
  });
});

import { describe, expect, it } from "vitest";
import { changesOf, readAs, reasonOf, receivedAt } from "./read-as.ts";

const event = (name: string) => ({ "x-github-event": name });

describe("github", () => {
  it("reads a deployment and what became of it as one change", () => {
    const [started] = changesOf("github", "github-deployment", event("deployment"));
    expect(started).toEqual({
      sourceId: "one",
      id: "deployment/shop/checkout/145988746",
      kind: "deploy",
      state: "started",
      title: "Deploy of checkout v2.4.0 (f95f852) to production",
      version: "v2.4.0 (f95f852)",
      author: "ada",
      at: "2026-05-04T08:00:00.000Z",
      labels: {
        service: "checkout",
        environment: "production",
        repository: "shop/checkout",
        task: "deploy",
        ref: "v2.4.0",
        sha: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
      },
      links: ["https://github.com/shop/checkout/commit/f95f852bd8fca8fcc58a9a2d6c842781e32a215e"],
    });
    const [done] = changesOf("github", "github-deployment-status-success", event("deployment_status"));
    expect(done).toMatchObject({
      id: started?.id,
      state: "succeeded",
      at: "2026-05-04T08:05:00.000Z",
      title: started?.title,
    });
    expect(done?.links).toContain("https://shop.example/");
    const [failed] = changesOf("github", "github-deployment-status-failure", event("deployment_status"));
    expect(failed).toMatchObject({ id: started?.id, state: "failed" });
  });

  it("believes the deployment's payload about the service, and its task about going back", () => {
    const deployment = {
      id: 1,
      sha: "abc1234def",
      ref: "abc1234def",
      task: "rollback",
      payload: '{"service":"orders","version":"7"}',
    };
    const body = { deployment, deployment_status: { state: "success" }, repository: { name: "mono" } };
    expect(changesOf("github", body)).toMatchObject([
      {
        state: "rolled_back",
        version: "7",
        labels: { service: "orders" },
        title: 'Task "rollback" of mono abc1234',
      },
    ]);
  });

  it("does nothing for pings and other events, and says which", () => {
    expect(readAs("github", "github-ping", event("ping"))).toEqual({ kind: "nothing", what: 'event "ping"' });
    expect(readAs("github", "github-ping").kind).toBe("nothing");
    expect(readAs("github", {}, event("push"))).toEqual({ kind: "nothing", what: 'event "push"' });
    expect(readAs("github", "github-deployment-status-inactive", event("deployment_status")).kind).toBe(
      "nothing",
    );
  });

  it("names the member that is missing", () => {
    expect(reasonOf("github", {})).toContain("X-GitHub-Event");
    expect(reasonOf("github", { deployment: {} })).toContain("deployment.id");
    expect(reasonOf("github", { deployment: { id: 1 }, deployment_status: {} })).toContain(
      "deployment_status.state",
    );
  });
});

describe("change", () => {
  it("reads a change as a pipeline reports it", () => {
    expect(changesOf("change", "change-deploy")).toEqual([
      {
        sourceId: "one",
        id: "checkout-2.4.0-production",
        kind: "deploy",
        state: "succeeded",
        title: "Deploy of checkout 2.4.0 to production",
        version: "2.4.0",
        author: "ada",
        at: "2026-05-04T08:05:00.000Z",
        labels: { service: "checkout", environment: "production", pipeline: "1234" },
        links: ["https://ci.shop.example/1234"],
      },
    ]);
  });

  it("reads several, and words that pipelines use", () => {
    expect(changesOf("change", "change-several")).toMatchObject([
      { state: "started", kind: "deploy", title: "Deploy of orders 7", at: receivedAt },
      {
        state: "succeeded",
        kind: "data",
        at: "2026-05-04T08:10:00.000Z",
        links: ["https://ci.shop.example/7"],
      },
    ]);
  });

  it("takes started and succeeded of one version at one place for one change", () => {
    const [once] = changesOf("change", "change-sparse");
    const [begun] = changesOf("change", {
      service: "checkout",
      version: "2.4.0",
      state: "running",
      title: "Deploying",
    });
    const [other] = changesOf("change", { service: "checkout", version: "2.5.0" });
    expect(begun?.id).toBe(once?.id);
    expect(other?.id).not.toBe(once?.id);
  });

  it.each([
    [{ state: "succeeded" }, "title"],
    [{ title: "a", kind: "odd" }, "kind"],
    [{ title: "a", state: "odd" }, "state"],
    [{ title: "a", at: "tomorrow" }, "at"],
    [{ title: "a", at: "2027-01-01T00:00:00Z" }, "at"],
    [{ title: { a: 1 } }, "title"],
    [[{}, { kind: 1 }], "0.title"],
    [[], "body"],
    [null, "body"],
  ])("names the member that does not fit in %j", (body, member) => {
    expect(reasonOf("change", body)).toMatch(new RegExp(`^${member}: `));
  });
});

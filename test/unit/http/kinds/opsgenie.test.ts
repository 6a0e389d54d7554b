import { describe, expect, it } from "vitest";
import { alertOf, readAs, reasonOf } from "./read-as.ts";

const read = (name: string) => alertOf("opsgenie", `opsgenie-${name}`);

describe("opsgenie", () => {
  it("reads an alert from its creation to its end", () => {
    const created = read("create");
    expect(created).toEqual({
      sourceId: "one",
      fingerprint: "checkout-errors",
      status: "firing",
      title: "Checkout fails",
      summary: "5 % of all",
      severity: "critical",
      startedAt: "2026-05-04T08:02:03.104Z",
      endedAt: null,
      labels: {
        service: "checkout",
        environment: "production",
        env: "production",
        shop: "true",
        entity: "checkout-1",
        team: "team-1",
        priority: "P1",
        opsgenie_source: "prometheus",
        integration: "Signalman",
        dashboard: "https://grafana.example/d/1",
      },
      links: ["https://grafana.example/d/1"],
      groupHint: null,
    });
    for (const name of ["acknowledge", "close"]) {
      expect(read(name)).toMatchObject({ fingerprint: created.fingerprint, startedAt: created.startedAt });
    }
    expect(read("acknowledge").status).toBe("firing");
    // Nanoseconds since 1970.
    expect(read("close")).toMatchObject({ status: "resolved", endedAt: "2026-05-04T08:12:04.764Z" });
  });

  it("takes over a new priority", () => {
    expect(read("priority")).toMatchObject({ status: "firing", severity: "warning" });
  });

  it.each(["note", "snooze"])("does nothing for a %s: the alert stays as it was", (name) => {
    expect(readAs("opsgenie", `opsgenie-${name}`).kind).toBe("nothing");
  });

  it("does not reopen a closed alert because something about it was changed", () => {
    const body = { action: "UpdatePriority", alert: { alertId: "1", status: "closed" } };
    expect(alertOf("opsgenie", body).status).toBe("resolved");
  });

  it("reads the texts of older payloads: times, a number as priority, tags in one", () => {
    const alert = {
      message: "x",
      priority: "2",
      createdAt: "1777881723166",
      tags: ["env:live app:shop site:eu"],
    };
    expect(alertOf("opsgenie", { action: "Create", alert })).toMatchObject({
      severity: "error",
      startedAt: "2026-05-04T08:02:03.166Z",
      labels: { environment: "live", service: "shop", site: "eu" },
    });
    // A sentence is no list of tags.
    const told = { message: "x", tags: ["note: ask a:b or c:d"] };
    expect(alertOf("opsgenie", { action: "Create", alert: told }).labels).toEqual({ note: "ask a:b or c:d" });
  });

  it("makes do with little", () => {
    expect(read("sparse")).toMatchObject({ title: "Something", fingerprint: "1", severity: "warning" });
    expect(alertOf("opsgenie", { alert: { alias: "a", status: "open" } })).toMatchObject({ title: "a" });
  });

  it("reads incidents as it reads alerts, apart from them", () => {
    const begun = read("incident");
    expect(begun).toMatchObject({
      status: "firing",
      title: "Payments fail",
      severity: "critical",
      fingerprint: "incident/6c1f2f0e-7",
      startedAt: "2026-05-04T08:02:03.123Z",
      labels: { service: "payments", environment: "production", team: "payments" },
      links: ["https://shop.app.opsgenie.com/incident/detail/6c1f2f0e-7"],
    });
    for (const action of ["Resolve", "Close", "Delete"]) {
      const ended = alertOf("opsgenie", { action, incident: { incidentId: "6c1f2f0e-7", status: "closed" } });
      expect(ended).toMatchObject({ status: "resolved", fingerprint: begun.fingerprint });
    }
    expect(readAs("opsgenie", { action: "AddNote", incident: { id: "1" } }).kind).toBe("nothing");
    expect(reasonOf("opsgenie", { action: "Create", incident: { tags: [] } })).toMatch(/^incident: none of/);
  });

  it.each([
    [{}, "alert: missing or not an object; Opsgenie's webhook carries it"],
    [{ action: "Create", alert: 1 }, "alert: missing or not an object; Opsgenie's webhook carries it"],
    [{ alert: { alias: "a" } }, "action: missing; it must say Create, Close …"],
    [{ action: "Create", alert: { tags: [] } }, "alert: none of alertId, id, alias and message is there"],
  ])("says why %j cannot be mapped", (body, reason) => {
    expect(reasonOf("opsgenie", body)).toBe(reason);
  });
});

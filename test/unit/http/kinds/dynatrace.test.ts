import { describe, expect, it } from "vitest";
import { alertOf, readAs, reasonOf } from "./read-as.ts";

const read = (name: string) => alertOf("dynatrace", `dynatrace-${name}`);

describe("dynatrace", () => {
  it("reads an open problem", () => {
    expect(read("open")).toMatchObject({
      fingerprint: "-8446744073709551616_1777882200000V2",
      status: "firing",
      title: "Failure rate increase",
      severity: "error",
      startedAt: "2026-05-04T08:10:00.000Z",
      labels: {
        service: "checkout",
        host: "checkout-1",
        env: "production",
        environment: "production",
        team: "shop",
        owner: "shop",
        management_zone: "Shop",
        "critical-path": "true",
      },
      links: ["https://abc12345.live.dynatrace.com/#problems/problemdetails;pid=-8446744073709551616"],
    });
  });

  it("ends a problem that was resolved or became part of another", () => {
    const open = read("open");
    expect(read("resolved")).toMatchObject({
      status: "resolved",
      fingerprint: open.fingerprint,
      title: open.title,
      endedAt: "2026-05-04T08:40:00.000Z",
    });
    expect(read("merged")).toMatchObject({ status: "resolved", fingerprint: open.fingerprint });
  });

  it("reads the default payload with details of version 1", () => {
    expect(read("v1")).toMatchObject({
      fingerprint: "99999",
      severity: "warning",
      summary: expect.stringContaining("CPU saturation"),
      labels: { service: "checkout", host: "checkout-1" },
      links: ["https://abc12345.live.dynatrace.com/#problems"],
    });
    expect(read("v1").labels).not.toHaveProperty("{Tags}");
    expect(read("v1").summary).not.toContain("<");
  });

  it("finds members that a template calls otherwise, and objects that it put in quotes", () => {
    expect(read("templated")).toMatchObject({
      fingerprint: "P-77",
      title: "Response time degradation",
      severity: "warning",
      labels: { service: "orders" },
    });
  });

  it("reads a problem of the API without a template around it", () => {
    const problem = {
      problemId: "-7_1V2",
      displayId: "P-7",
      title: "High CPU",
      severityLevel: "AVAILABILITY",
      status: "CLOSED",
      affectedEntities: [{ entityId: { id: "SERVICE-1", type: "SERVICE" }, name: "checkout" }],
      startTime: 1777881723000,
      endTime: 1777882323000,
    };
    expect(alertOf("dynatrace", problem)).toMatchObject({
      status: "resolved",
      fingerprint: "-7_1V2",
      severity: "critical",
      startedAt: "2026-05-04T08:02:03.000Z",
      endedAt: "2026-05-04T08:12:03.000Z",
      labels: { service: "checkout" },
    });
    expect(alertOf("dynatrace", { problem_title: "x", problem_state: "OPEN", pid: 7 }).status).toBe("firing");
  });

  it("does nothing for a test", () => {
    expect(readAs("dynatrace", "dynatrace-test")).toEqual({ kind: "nothing", what: "a test notification" });
  });

  it("names the member that is missing", () => {
    expect(reasonOf("dynatrace", { ProblemTitle: "x", State: "{State}" })).toContain("State");
  });
});

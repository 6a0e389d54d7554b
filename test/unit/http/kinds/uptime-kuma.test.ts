import { describe, expect, it } from "vitest";
import { alertOf, readAs, reasonOf } from "./read-as.ts";

const read = (name: string) => alertOf("uptime_kuma", `uptime-kuma-${name}`);

describe("uptime_kuma", () => {
  it("reads that a monitor went down and came back", () => {
    const [down, up] = [read("down"), read("up")];
    expect(down).toMatchObject({
      fingerprint: "monitor/29",
      status: "firing",
      title: "Checkout is down",
      summary: "connect ECONNREFUSED — [Checkout] [🔴 Down] connect",
      severity: "critical",
      startedAt: "2026-05-04T08:10:35.527Z",
      labels: { service: "checkout", environment: "production", host: "checkout.shop.example" },
      links: ["https://checkout.shop.example/health"],
      groupHint: "monitor/29",
    });
    expect(up).toMatchObject({
      status: "resolved",
      fingerprint: down.fingerprint,
      groupHint: down.groupHint,
      endedAt: "2026-05-04T08:40:35.527Z",
    });
  });

  it("reads parts that a template put in quotes, and the local time with its offset", () => {
    expect(read("strings")).toEqual({ ...read("down"), summary: "connect ECONNREFUSED — down" });
    const heartbeat = { status: "0", localDateTime: "2026-05-04 10:10:35", timezoneOffset: "+02:00" };
    expect(alertOf("uptime_kuma", { heartbeat, monitor: { name: "Port" } })).toMatchObject({
      title: "Port is down",
      startedAt: "2026-05-04T08:10:35.000Z",
    });
  });

  it("warns of a certificate once, however many days are left", () => {
    const alert = read("certificate");
    expect(alert).toMatchObject({ status: "firing", severity: "warning", labels: { monitor: "Checkout" } });
    const later = { heartbeat: null, monitor: null, msg: alert.title.replace("7 days", "3 days") };
    expect(alertOf("uptime_kuma", later).fingerprint).toBe(alert.fingerprint);
  });

  it("warns of each domain and of each certificate by itself", () => {
    const marks = [
      "[shop1][https://shop1.example] server certificate will be expired in 7 days",
      "[shop2][https://shop2.example] server certificate will be expired in 7 days",
      "Domain name example.com will expire in 7 days",
    ].map((msg) => alertOf("uptime_kuma", { heartbeat: null, monitor: null, msg }).fingerprint);
    expect(new Set(marks).size).toBe(3);
  });

  it.each(["maintenance", "test"])("does nothing for a %s", (name) => {
    expect(readAs("uptime_kuma", `uptime-kuma-${name}`).kind).toBe("nothing");
  });

  it("names the member that does not fit", () => {
    expect(reasonOf("uptime_kuma", {})).toContain("heartbeat");
    expect(reasonOf("uptime_kuma", { heartbeat: { status: 9 } })).toContain("heartbeat.status");
  });
});

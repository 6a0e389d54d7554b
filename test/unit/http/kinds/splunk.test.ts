import { describe, expect, it } from "vitest";
import { alertOf, reasonOf } from "./read-as.ts";

const read = (name: string) => alertOf("splunk", `splunk-${name}`);

describe("splunk, alert action", () => {
  it("reads the search and its first row", () => {
    expect(read("search")).toMatchObject({
      status: "firing",
      title: "Checkout errors",
      summary: expect.stringContaining("ERROR payment failed"),
      severity: "critical",
      startedAt: "2026-05-04T08:09:00.000Z",
      labels: { service: "checkout", environment: "production", host: "checkout-1", splunk_app: "search" },
      links: [
        "https://splunk.shop.example:8000/app/search/@go?sid=scheduler__admin__search__RMD5a3f1_at_1777882200_178",
      ],
      groupHint: "Checkout errors",
    });
  });

  it("ends it where the row says so, whatever its counts", () => {
    expect(read("search-resolved")).toMatchObject({
      status: "resolved",
      fingerprint: read("search").fingerprint,
      title: "Checkout errors",
    });
  });

  it("names a search that was not saved, and when it ran", () => {
    expect(read("search-sparse")).toMatchObject({
      title: "scheduler_admin_search_W2",
      startedAt: "2026-05-04T08:10:00.000Z",
    });
  });

  it("reads the numbers of alert.severity", () => {
    expect(alertOf("splunk", { search_name: "a", result: { severity: "5" } }).severity).toBe("critical");
  });
});

describe("splunk, Observability Cloud", () => {
  it("reads what a detector found, and that it is over", () => {
    const [found, over] = [read("observability-anomalous"), read("observability-ok")];
    expect(found).toMatchObject({
      fingerprint: "FAAbcdEAAAC",
      status: "firing",
      title: "Checkout errors",
      severity: "error",
      startedAt: "2026-05-04T08:10:00.000Z",
      labels: { service: "checkout", environment: "production", host: "checkout-1", detector: "Shop" },
      links: [
        "https://app.eu0.signalfx.com/#/detector/v2/FAAbcdEAAAA/edit",
        "https://wiki.shop.example/errors",
      ],
    });
    expect(over).toMatchObject({
      status: "resolved",
      fingerprint: found.fingerprint,
      title: found.title,
      groupHint: found.groupHint,
    });
  });

  it.each(["manually resolved", "stopped", "ok"])("takes %s for over", (statusExtended) => {
    expect(alertOf("splunk", { incidentId: "1", statusExtended, severity: "Critical" }).status).toBe(
      "resolved",
    );
  });

  it("says what is missing", () => {
    expect(reasonOf("splunk", { incidentId: "1" })).toContain("statusExtended");
    expect(reasonOf("splunk", { hello: 1 })).toContain("search_name");
  });
});

import { describe, expect, it } from "vitest";
import { OpsError } from "../../../src/domain/ops-error.ts";
import { changeId, incidentId } from "../../support/change-fixtures.ts";
import { openConsole, places, token } from "./open-console.ts";

const page = { accept: "text/html,application/xhtml+xml" };
const elsewhere = ["/", "/console", "/console/", "/console/nothing", "/console/find?id=INC-0000000001"];

describe("the console without a session", () => {
  it("sends a reader to the sign-in form, from every address alike, and tells anything else 401", async () => {
    await using console = await openConsole();
    for (const place of [...places, ...elsewhere]) {
      const shown = await console.ask(place, { headers: page });
      expect([place, shown.status]).toEqual([place, 303]);
      expect(shown.headers.get("location")).toMatch(/^\/console\/sign-in(\?next=%2Fconsole%2F[\w%.-]+)?$/);
      expect(await shown.text()).toBe("");
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const refused = await console.ask(place, { method });
        expect([place, method, refused.status]).toEqual([place, method, 401]);
      }
    }
    expect((await console.post("/console/sign-out", {})).status).toBe(401);
  });

  it("takes no cookie that it did not give", async () => {
    await using console = await openConsole();
    await console.signIn();
    for (const cookie of [
      "signalman_console=",
      "signalman_console=guess",
      `signalman_console=${token}`,
      "other=1",
    ]) {
      const refused = await console.ask("/console/incidents", { headers: { cookie } });
      expect([cookie, refused.status]).toEqual([cookie, 401]);
    }
    expect((await console.ask(`/console/incidents?token=${token}`)).status).toBe(401);
    expect(
      (await console.ask("/console/incidents", { headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(401);
  });

  it("shows only the form, the style sheet and the icon", async () => {
    await using console = await openConsole();
    const form = await console.ask("/console/sign-in");
    expect([form.status, form.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await form.text()).toContain('type="password"');
    const style = await console.ask("/console/style.css");
    expect([style.status, style.headers.get("content-type")]).toEqual([200, "text/css; charset=utf-8"]);
    const icon = await console.ask("/console/icon.svg");
    expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/svg+xml; charset=utf-8"]);
  });
});

describe("signing in", () => {
  it("gives a random session in a cookie that scripts and other sites do not get", async () => {
    await using console = await openConsole();
    const answer = await console.post("/console/sign-in", { token, next: `/console/changes/${changeId}` });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `/console/changes/${changeId}`]);
    const set = answer.headers.get("set-cookie") ?? "";
    expect(set).toMatch(
      /^signalman_console=[\w-]{43}; Path=\/console; Max-Age=28800; HttpOnly; SameSite=Strict$/,
    );
    expect(set).not.toContain(token);
    expect(await console.signIn()).not.toBe(await console.signIn());
    expect(console.log()).not.toContain(token);
  });

  it("keeps the cookie to https where people come by https", async () => {
    await using outside = await openConsole({ publicUrl: "https://signalman.example.test" });
    const answer = await outside.post("/console/sign-in", { token });
    expect(answer.headers.get("set-cookie")).toMatch(/; Secure$/);
    await using behind = await openConsole();
    const proxied = await behind.post("/console/sign-in", { token }, { "x-forwarded-proto": "https" });
    expect(proxied.headers.get("set-cookie")).toMatch(/; Secure$/);
  });

  it("leads nowhere but into the console", async () => {
    await using console = await openConsole();
    const away = [
      "https://evil.example/",
      "//evil.example/console/",
      "/console//evil.example",
      "/console/../../etc",
      "/elsewhere",
      "/console\\@evil.example",
      "/console/incidents#a",
      "javascript:alert(1)",
      "/consolex",
    ];
    for (const next of away) {
      const answer = await console.post("/console/sign-in", { token, next });
      expect([next, answer.headers.get("location")]).toEqual([next, "/console/incidents"]);
      const form = await (await console.ask(`/console/sign-in?next=${encodeURIComponent(next)}`)).text();
      expect(form).toContain('name="next" value="/console/incidents"');
    }
  });

  it("looks at five wrong tokens of an address a minute, and then not even at the right one", async () => {
    await using console = await openConsole();
    for (const guess of ["", "x", `${token}x`, token.slice(1), "sixteen-letters-"]) {
      const refused = await console.post("/console/sign-in", { token: guess });
      expect([guess, refused.status, refused.headers.get("set-cookie")]).toEqual([guess, 401, null]);
    }
    const limited = await console.post("/console/sign-in", { token });
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "60"]);
    console.clock.ms += 59_999;
    expect((await console.post("/console/sign-in", { token })).status).toBe(429);
    console.clock.ms += 1;
    expect((await console.post("/console/sign-in", { token })).status).toBe(303);
  });

  it("takes a form of its own only, and a small one", async () => {
    await using console = await openConsole();
    for (const site of ["cross-site", "same-site"]) {
      const forged = await console.post("/console/sign-in", { token }, { "sec-fetch-site": site });
      expect([forged.status, forged.headers.get("set-cookie")]).toEqual([403, null]);
    }
    const json = await console.ask("/console/sign-in", {
      method: "POST",
      body: JSON.stringify({ token }),
      headers: { "content-type": "application/json" },
    });
    expect(json.status).toBe(400);
    expect((await console.post("/console/sign-in", { token, next: "x".repeat(5000) })).status).toBe(400);
    expect(
      (await console.post("/console/sign-in", { token }, { "sec-fetch-site": "same-origin" })).status,
    ).toBe(303);
  });

  it("ends after eight hours, and at once with signing out", async () => {
    await using console = await openConsole();
    const cookie = await console.signIn();
    const look = async () => (await console.ask("/console/incidents", { headers: { cookie } })).status;
    console.clock.ms += 8 * 3_600_000 - 1;
    expect(await look()).toBe(200);
    console.clock.ms += 1;
    expect(await look()).toBe(401);

    const again = await console.signIn();
    const forged = { cookie: again, "sec-fetch-site": "cross-site" };
    expect((await console.post("/console/sign-out", {}, forged)).status).toBe(403);
    expect((await console.ask("/console/incidents", { headers: { cookie: again } })).status).toBe(200);
    const out = await console.post("/console/sign-out", {}, { cookie: again });
    expect(out.headers.get("set-cookie")).toMatch(/^signalman_console=; Path=\/console; Max-Age=0;/);
    expect((await console.ask("/console/incidents", { headers: { cookie: again } })).status).toBe(401);
  });

  it("asks a link from another site to come again from here, where the cookie comes along", async () => {
    await using console = await openConsole();
    const place = `/console/incidents/${incidentId}`;
    const answer = await console.ask(place, { headers: { ...page, "sec-fetch-site": "cross-site" } });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain(`http-equiv="refresh" content="0; url=${place}"`);
  });
});

describe("the console with a session", () => {
  it("shows every page with headers that let nothing run, in or keep it", async () => {
    await using console = await openConsole();
    const cookie = await console.signIn();
    for (const place of [...places, "/console/nothing", "/console/style.css", "/console/sign-in"]) {
      const shown = await console.ask(place, { headers: { cookie } });
      const wanted = place === "/console/nothing" ? 404 : place === "/console/sign-in" ? 303 : 200;
      expect([place, shown.status]).toEqual([place, wanted]);
      expect(Object.fromEntries(shown.headers)).toMatchObject({
        "content-security-policy":
          "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
      });
      const text = await shown.text();
      expect(text).not.toMatch(/<script|<style|\sstyle=|\son\w+=|javascript:/i);
      const head = await console.ask(place, { method: "HEAD", headers: { cookie } });
      expect([head.status, await head.text()]).toEqual([wanted, ""]);
    }
  });

  it("reads and never acts", async () => {
    await using console = await openConsole();
    const cookie = await console.signIn();
    for (const place of places) {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const refused = await console.ask(place, { method, headers: { cookie } });
        expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      }
    }
    expect((await console.ask("/console/sign-out", { headers: { cookie } })).status).toBe(404);
  });

  it("finds what has an id, and says what there is not", async () => {
    await using console = await openConsole();
    const cookie = await console.signIn();
    const look = (place: string) => console.ask(place, { headers: { cookie } });
    const found = async (id: string) => (await look(`/console/find?id=${id}`)).headers.get("location");
    expect(await found("%20inc-0000000001")).toBe("/console/incidents/INC-0000000001");
    expect(await found("CHG-0000000001")).toBe("/console/changes/CHG-0000000001");
    const missing = [
      "/console/find?id=hello",
      "/console/incidents/INC-9999999999",
      "/console/incidents/INC-9999999999/plot.svg",
      "/console/incidents/%00",
      "/console/incidents/INC-0000000001/other",
      "/console/changes/CHG-9999999999",
      "/console/ledger",
      "/console/ledger/change",
      "/console/ledger/change/none",
      "/console/ledger/other/x",
      "/console/ledger/change/CHG-0000000001/more",
      "/console/quarantine/0198c0de-0000-7000-8000-0000000000ff",
      "/console/queues/x",
      "/console/modes/x",
      "/console/../incidents",
      "/elsewhere",
    ];
    for (const place of missing) expect([place, (await look(place)).status]).toEqual([place, 404]);
    expect((await look("/")).headers.get("location")).toBe("/console/incidents");
    expect((await look("/console/")).headers.get("location")).toBe("/console/incidents");
  });

  it("takes nothing of a query that it does not know", async () => {
    await using console = await openConsole();
    const cookie = await console.signIn();
    for (const query of ["state=%00", "service=%00'", "service=none", "source=%00", "from=-1", "from=9e9"]) {
      for (const place of ["incidents", "quarantine", `ledger/change/${changeId}`]) {
        const shown = await console.ask(`/console/${place}?${query}`, { headers: { cookie } });
        expect([place, query, shown.status]).toEqual([place, query, 200]);
      }
    }
  });

  it("says that the store is away, and keeps a fault of its own to the log", async () => {
    await using console = await openConsole();
    const cookie = await console.signIn();
    const look = () => console.ask("/console/queues", { headers: { cookie } });
    console.reads.breakDown(new OpsError("unreachable", "The database cannot be reached."));
    const away = await look();
    expect([away.status, await away.text()]).toEqual([
      503,
      expect.stringContaining("The database cannot be reached."),
    ]);
    console.reads.breakDown(new Error("a secret detail"));
    const broken = await look();
    expect([broken.status, await broken.text()]).toEqual([
      500,
      expect.not.stringContaining("a secret detail"),
    ]);
    expect(console.log()).toContain('"errorClass":"bug"');
  });

  it("names an address that cannot be listened on", async () => {
    await expect(openConsole({ host: "192.0.2.1" })).rejects.toThrow(
      /The console cannot be shown at 192\.0\.2\.1:0: .+ Change console\.host or console\.port/,
    );
  });
});

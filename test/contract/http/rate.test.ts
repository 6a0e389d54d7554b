import { describe, expect, it } from "vitest";
import { bearerSecret, hmacSecret, openDoor, sign, sourceOf } from "./open-door.ts";

const body = '{"title":"Slow","status":"firing"}';
const rate = { perSecond: 2, burst: 3 };

function openSlow(): ReturnType<typeof openDoor> & { clock: { at: number } } {
  const clock = { at: 0 };
  const open = openDoor({
    sources: [
      sourceOf({ id: "plain", kind: "generic", rate }, bearerSecret),
      sourceOf({ id: "other", kind: "generic", rate }, bearerSecret),
      sourceOf({ id: "signed", kind: "generic", auth: "hmac", rate }, hmacSecret),
    ],
    clock: { now: () => Date.now(), monotonic: () => clock.at },
  });
  return Object.assign(open, { clock });
}

describe("a source's rate", () => {
  it.each([
    ["plain", {}],
    ["signed", { "x-signalman-signature": sign(body) }],
  ])(
    "of %s: what is beyond is 429 with Retry-After and not kept; others are not held up",
    async (id, headers) => {
      const opening = openSlow();
      await using open = await opening;
      const post = (source: string) => open.post(`/webhooks/${source}`, body, headers);
      const answers = [await post(id), await post(id), await post(id), await post(id)];
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 429]);
      expect(answers[3]).toMatchObject({
        type: "application/problem+json",
        json: { type: "urn:signalman:problem:too-fast", status: 429 },
      });
      expect(answers[3]?.headers.get("retry-after")).toBe("1");
      expect((await post("other")).status).toBe(202);
      opening.clock.at = 500;
      expect([(await post(id)).status, (await post(id)).status]).toEqual([202, 429]);
      expect(open.inbox.kept).toHaveLength(5);
    },
  );

  it("is not spent by who has not proven itself", async () => {
    await using open = await openSlow();
    for (let count = 0; count < 20; count += 1) {
      expect((await open.post("/webhooks/plain", body, { authorization: "Bearer no" })).status).toBe(401);
      expect(
        (await open.post("/webhooks/signed", body, { "x-signalman-signature": sign("no") })).status,
      ).toBe(401);
    }
    expect((await open.post("/webhooks/plain", body)).status).toBe(202);
    expect((await open.post("/webhooks/signed", body, { "x-signalman-signature": sign(body) })).status).toBe(
      202,
    );
  });

  it("is judged before a body is sent where the head proves the source", async () => {
    await using open = await openSlow();
    for (let count = 0; count < 3; count += 1) await open.post("/webhooks/plain", body);
    const answer = await open.raw(
      `POST /webhooks/plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer ${bearerSecret}\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 429 /);
  });
});

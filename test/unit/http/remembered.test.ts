import { describe, expect, it } from "vitest";
import { remembered } from "../../../src/adapters/http/kinds/remembered.ts";

describe("what is remembered of a text", () => {
  it("is asked once, for each limit", () => {
    const asked: string[] = [];
    const cut = remembered((text, limit) => {
      asked.push(text);
      return text.slice(0, limit);
    });
    expect([cut("checkout", 5), cut("checkout", 5), cut("checkout", 2)]).toEqual(["check", "check", "ch"]);
    expect(asked).toEqual(["checkout", "checkout"]);
  });

  it("is bounded: what is asked all the time stays, what was asked once goes", () => {
    let asked = 0;
    const same = remembered((text) => {
      asked += 1;
      return text;
    });
    for (let number = 0; number < 5000; number += 1) {
      same(`once ${number}`);
      same("always");
    }
    expect(asked).toBe(5001);
    same("once 0");
    expect(asked).toBe(5002);
  });

  it("is nothing of long texts", () => {
    let asked = 0;
    const same = remembered((text) => {
      asked += 1;
      return text;
    });
    same("x".repeat(1001));
    same("x".repeat(1001));
    expect(asked).toBe(2);
  });
});

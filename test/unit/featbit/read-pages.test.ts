import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type PageItem, readPages } from "../../../src/adapters/featbit/read-pages.ts";
import { OpsError } from "../../../src/domain/ops-error.ts";

async function collect<T>(pages: AsyncIterable<PageItem<T>>): Promise<PageItem<T>[]> {
  const items: PageItem<T>[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** A list in which every page with a bad row fails, as FeatBit's does. */
function listOf(rows: readonly boolean[]) {
  return async (pageIndex: number, pageSize: number) => {
    const from = pageIndex * pageSize;
    const part = rows.slice(from, from + pageSize);
    if (part.includes(false)) throw new OpsError("server_error", "500");
    return { totalCount: rows.length, items: part.map((_, at) => from + at) };
  };
}

test("whatever rows are bad, as long as a page has a good one: every good row in order, every bad one said", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.integer({ min: 2, max: 7 }),
      async (rows, size) => {
        const whole = Math.floor(rows.length / size);
        const hopeless = Array.from({ length: whole }, (_, page) =>
          rows.slice(page * size, (page + 1) * size),
        ).some((part) => !part.includes(true));
        const read = collect(readPages(size, listOf(rows)));
        if (hopeless) {
          await expect(read).rejects.toMatchObject({ code: "server_error" });
          return;
        }
        expect(await read).toEqual(
          rows.map((good, at) => (good ? { kind: "item", item: at } : { kind: "unreadable", offset: at })),
        );
      },
    ),
  );
});

test("an outage is not taken for bad rows, and other failures pass at once", async () => {
  let asked = 0;
  const failing = (code: "server_error" | "unauthorized") => async () => {
    asked++;
    throw new OpsError(code, code);
  };
  await expect(collect(readPages(3, failing("server_error")))).rejects.toMatchObject({
    code: "server_error",
  });
  expect(asked).toBe(4);
  await expect(collect(readPages(3, failing("unauthorized")))).rejects.toMatchObject({
    code: "unauthorized",
  });
  expect(asked).toBe(5);
});

import { OpsError } from "../../domain/ops-error.ts";

export interface Page<T> {
  totalCount: number;
  items: T[];
}

export type PageItem<T> = { kind: "item"; item: T } | { kind: "unreadable"; offset: number };

/**
 * Everything of a paged list, in order. One bad row makes every FeatBit page that contains it answer 500 for good
 * (contract §0.5, §0.13): such a page is read row by row, and what cannot be read is said instead of being left
 * out silently. @throws OpsError when not one row of a failing page can be read: then it is an outage.
 */
export async function* readPages<T>(
  pageSize: number,
  fetchPage: (pageIndex: number, pageSize: number) => Promise<Page<T>>,
): AsyncGenerator<PageItem<T>> {
  for (let pageIndex = 0; ; pageIndex++) {
    const page = await fetchPage(pageIndex, pageSize).catch((error: unknown) => failedPage(error));
    if (page instanceof OpsError) {
      const rows = await readRows(pageIndex * pageSize, pageSize, fetchPage, page);
      yield* rows.items;
      if (rows.ended) return;
    } else {
      for (const item of page.items) yield { kind: "item", item };
      if (page.items.length < pageSize || (pageIndex + 1) * pageSize >= page.totalCount) return;
    }
  }
}

function failedPage(error: unknown): OpsError {
  if (error instanceof OpsError && error.code === "server_error") return error;
  throw error;
}

async function readRows<T>(
  from: number,
  count: number,
  fetchPage: (pageIndex: number, pageSize: number) => Promise<Page<T>>,
  failure: OpsError,
): Promise<{ items: PageItem<T>[]; ended: boolean }> {
  const items: PageItem<T>[] = [];
  let answered = false;
  for (let offset = from; offset < from + count; offset++) {
    const page = await fetchPage(offset, 1).catch((error: unknown) => failedPage(error));
    if (page instanceof OpsError) {
      items.push({ kind: "unreadable", offset });
      continue;
    }
    answered = true;
    const [item] = page.items;
    if (item === undefined) return { items, ended: true };
    items.push({ kind: "item", item });
  }
  if (!answered) throw failure;
  return { items, ended: false };
}

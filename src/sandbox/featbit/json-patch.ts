import { z } from "zod";

/** A patch that does not apply: the server answers 200 with `success:false` and this text. */
export class PatchRefused extends Error {}

const Operation = z.object({
  op: z.string(),
  path: z.string(),
  from: z.string().optional(),
  value: z.unknown(),
});
type Operation = z.infer<typeof Operation>;
type Container = Record<string, unknown> | unknown[];

const isArray = (value: object): value is unknown[] => Array.isArray(value);
const isMap = (value: object): value is Record<string, unknown> => !Array.isArray(value);

function asContainer(value: object): Container {
  if (isArray(value)) return value;
  if (isMap(value)) return value;
  throw new TypeError("neither an object nor an array");
}

/** RFC 6902 on a document. Anything but an array of operations is a TypeError. */
export function applyPatch<T extends object>(document: T, patch: string): T {
  const operations: unknown = JSON.parse(patch);
  if (!Array.isArray(operations)) throw new TypeError("a JSON Patch is an array");
  for (const operation of operations) applyOne(asContainer(document), Operation.parse(operation));
  return document;
}

function applyOne(document: Container, operation: Operation): void {
  const { op, path, from, value } = operation;
  switch (op.toLowerCase()) {
    case "add":
      return insert(document, path, value);
    case "remove":
      return removeAt(document, path);
    case "replace":
      return replace(document, path, value);
    case "copy":
      return insert(document, path, structuredClone(read(document, from ?? "")));
    case "move": {
      const moved = read(document, from ?? "");
      removeAt(document, from ?? "");
      return insert(document, path, moved);
    }
    case "test": {
      const current = read(document, path);
      if (JSON.stringify(current) !== JSON.stringify(value)) {
        const name = path.split("/").at(-1) ?? "";
        throw new PatchRefused(
          `The current value '${clrText(current)}' at path '${name}' is not equal to the test value '${clrText(value)}'.`,
        );
      }
      return;
    }
    default:
      throw new PatchRefused(`Invalid JsonPatch operation '${op}'.`);
  }
}

const clrText = (value: unknown): string =>
  typeof value === "boolean"
    ? value
      ? "True"
      : "False"
    : typeof value === "string"
      ? value
      : JSON.stringify(value);

function locate(document: Container, path: string): { parent: Container; name: string } {
  const names = path
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  const name = names.pop() ?? "";
  let parent: Container = document;
  for (const step of names) {
    const next = memberOf(parent, step);
    if (typeof next !== "object" || next === null) throw missing(step);
    parent = asContainer(next);
  }
  return { parent, name };
}

function memberOf(parent: Container, name: string): unknown {
  if (Array.isArray(parent)) {
    if (!/^\d+$/.test(name) || Number(name) >= parent.length) throw missing(name);
    return parent[Number(name)];
  }
  if (!Object.hasOwn(parent, name)) throw missing(name);
  return parent[name];
}

const missing = (name: string) =>
  new PatchRefused(`The target location specified by path segment '${name}' was not found.`);

const read = (document: Container, path: string): unknown => {
  const { parent, name } = locate(document, path);
  return memberOf(parent, name);
};

function insert(document: Container, path: string, value: unknown): void {
  const { parent, name } = locate(document, path);
  if (!Array.isArray(parent)) return replace(document, path, value);
  if (name === "-") parent.push(value);
  else parent.splice(Number(name), 0, value);
}

function replace(document: Container, path: string, value: unknown): void {
  const { parent, name } = locate(document, path);
  const current = memberOf(parent, name);
  if (current !== null && value !== null && kindOf(current) !== kindOf(value)) {
    throw new PatchRefused(`The value '${clrText(value)}' is invalid for target location.`);
  }
  if (Array.isArray(parent)) parent[Number(name)] = value;
  else parent[name] = value;
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? "array" : typeof value);

function removeAt(document: Container, path: string): void {
  const { parent, name } = locate(document, path);
  memberOf(parent, name);
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else parent[name] = null;
}

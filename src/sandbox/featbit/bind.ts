// JSON as System.Text.Json reads it into a typed body: property names in any case, unknown ones ignored, the first
// value of a wrong type refused with its path and byte position. Clients meet these texts in ProblemDetails.

export type Shape =
  | { is: "any" | "string" | "boolean" | "number" | "guid" }
  | { is: "list"; of: Shape; type: string }
  | { is: "object"; fields: Record<string, Shape>; type: string };

export type Bound = { ok: true; value: unknown } | { ok: false; path: string; message: string };

const CLR_TYPES = {
  string: "System.String",
  boolean: "System.Boolean",
  number: "System.Double",
  guid: "System.Guid",
};
const GUID_TEXT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

class Refused extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

export function bindJson(text: string, shape: Shape): Bound {
  const reader = new Reader(text);
  try {
    return { ok: true, value: reader.read(shape) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, path: error.path, message: error.message };
    throw error;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  #path = "$";

  constructor(text: string) {
    this.#text = text;
  }

  read(shape: Shape): unknown {
    const value = this.#value(shape);
    this.#space();
    if (this.#at < this.#text.length) {
      this.#fail(`'${this.#text[this.#at]}' is invalid after a single JSON value. Expected end of data.`);
    }
    return value;
  }

  #value(shape: Shape): unknown {
    this.#space();
    const next = this.#text[this.#at];
    if (next === undefined)
      this.#fail("Expected the value to start, but instead reached end of data.", this.#at - 1);
    if (next === "{") return this.#object(shape);
    if (next === "[") return this.#array(shape);
    return next === '"' ? this.#checkedString(shape) : this.#literal(shape);
  }

  #object(shape: Shape): unknown {
    this.#at += 1;
    if (shape.is !== "object" && shape.is !== "any") this.#mismatch(shape);
    const result: Record<string, unknown> = {};
    const outer = this.#path;
    for (let first = true; ; first = false) {
      this.#space();
      const next = this.#text[this.#at];
      if (next === "}" && first) break;
      if (next === "}") {
        this.#fail(
          "The JSON object contains a trailing comma at the end which is not supported in this mode. Change the reader options.",
        );
      }
      if (next === undefined) {
        this.#fail(
          "Expected start of a property name or value, but instead reached end of data.",
          this.#at - 1,
        );
      }
      if (next === "/") this.#fail("'/' is invalid after a value. Expected either ',', '}', or ']'.");
      if (next !== '"') this.#fail(`'${next}' is an invalid start of a property name. Expected a '"'.`);
      const written = this.#string();
      const name = shape.is === "object" ? fieldFor(shape, written) : written;
      this.#space();
      if (this.#text[this.#at] !== ":")
        this.#fail(`'${this.#text[this.#at] ?? ""}' is invalid after a property name.`);
      this.#at += 1;
      this.#path = `${outer}.${name ?? written}`;
      const value = this.#value(shape.is === "object" && name !== undefined ? fieldShape(shape, name) : ANY);
      this.#path = outer;
      if (name !== undefined) result[name] = value;
      if (!this.#comma("}")) break;
    }
    this.#at += 1;
    return result;
  }

  #array(shape: Shape): unknown {
    this.#at += 1;
    if (shape.is !== "list" && shape.is !== "any") this.#mismatch(shape);
    const result: unknown[] = [];
    const outer = this.#path;
    this.#space();
    if (this.#text[this.#at] !== "]") {
      do {
        this.#path = `${outer}[${result.length}]`;
        result.push(this.#value(shape.is === "list" ? shape.of : ANY));
        this.#path = outer;
      } while (this.#comma("]"));
    }
    this.#at += 1;
    return result;
  }

  /** True after a comma, false at the closing character. */
  #comma(close: string): boolean {
    this.#space();
    const next = this.#text[this.#at];
    if (next === close) return false;
    if (next !== ",")
      this.#fail(`'${next ?? ""}' is invalid after a value. Expected either ',', '}', or ']'.`);
    this.#at += 1;
    return true;
  }

  #checkedString(shape: Shape): string {
    const value = this.#string();
    const fits =
      shape.is === "any" || shape.is === "string" || (shape.is === "guid" && GUID_TEXT.test(value));
    return fits ? value : this.#mismatch(shape);
  }

  #string(): string {
    const match = /^"(?:[^"\\\n]|\\.)*"/.exec(this.#text.slice(this.#at));
    if (!match) this.#fail("Expected end of string, but instead reached end of data.", this.#text.length - 1);
    this.#at += match[0].length;
    const value: string = JSON.parse(match[0]);
    return value;
  }

  #literal(shape: Shape): unknown {
    const match = /^(?:null|true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/.exec(
      this.#text.slice(this.#at),
    );
    if (!match) this.#fail(`'${this.#text[this.#at]}' is an invalid start of a value.`);
    this.#at += match[0].length;
    const value: null | boolean | number = JSON.parse(match[0]);
    const fits =
      shape.is === "any" ||
      (value === null ? ["string", "list", "object"].includes(shape.is) : shape.is === typeof value);
    return fits ? value : this.#mismatch(shape);
  }

  #space(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at += 1;
  }

  #mismatch(shape: Shape): never {
    const type = "type" in shape ? shape.type : shape.is === "any" ? "System.Object" : CLR_TYPES[shape.is];
    this.#fail(`The JSON value could not be converted to ${type}.`);
  }

  #fail(what: string, at = this.#at): never {
    const before = this.#text.slice(0, Math.max(at, 0));
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length - 1;
    const column = Buffer.byteLength(before.slice(lineStart));
    throw new Refused(
      this.#path,
      `${what} Path: ${this.#path} | LineNumber: ${line} | BytePositionInLine: ${column}.`,
    );
  }
}

const ANY: Shape = { is: "any" };

const fieldShape = (shape: { fields: Record<string, Shape> }, name: string): Shape =>
  shape.fields[name] ?? ANY;

const fieldFor = (shape: { fields: Record<string, Shape> }, written: string): string | undefined =>
  Object.keys(shape.fields).find((name) => name.toLowerCase() === written.toLowerCase());

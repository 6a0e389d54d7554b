import { expect, it } from "vitest";
import { parseRedisUrl } from "../../../src/adapters/queue/parse-redis-url.ts";

const plain = { username: undefined, password: undefined, tls: false };

it.each([
  ["redis://h", { ...plain, kind: "single", host: { host: "h", port: 6379 }, database: 0 }],
  [
    "rediss://me:p%40ss@h:7000/3",
    {
      username: "me",
      password: "p@ss",
      tls: true,
      kind: "single",
      host: { host: "h", port: 7000 },
      database: 3,
    },
  ],
  [
    "redis://:secret@[::1]:7",
    { ...plain, password: "secret", kind: "single", host: { host: "::1", port: 7 }, database: 0 },
  ],
  [
    "redis-cluster://h1:1,h2",
    {
      ...plain,
      kind: "cluster",
      hosts: [
        { host: "h1", port: 1 },
        { host: "h2", port: 6379 },
      ],
    },
  ],
  [
    "rediss-sentinel://u:p@h1,h2:5/mymaster/2",
    {
      username: "u",
      password: "p",
      tls: true,
      kind: "sentinel",
      hosts: [
        { host: "h1", port: 26_379 },
        { host: "h2", port: 5 },
      ],
      master: "mymaster",
      database: 2,
    },
  ],
])("reads %s", (url, address) => {
  expect(parseRedisUrl(url)).toEqual(address);
});

it.each([
  "h:6379",
  "http://h",
  "redis://",
  "redis://h1,h2",
  "redis://h/zero",
  "redis://h:99999",
  "redis-cluster://h/1",
  "redis-sentinel://h1,h2",
  "redis://:s%ecret@h",
])("refuses %s with the forms that are known, and without repeating it", (url) => {
  expect(() => parseRedisUrl(url)).toThrow(/REDIS_URL has an unknown form.*redis-sentinel:\/\//);
  expect(() => parseRedisUrl(url)).not.toThrow(/s%ecret/);
});

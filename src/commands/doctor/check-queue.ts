import { probeRedis } from "../../adapters/queue/probe-redis.ts";
import { type Check, type Finding, problem, warning } from "./check.ts";

/** Whether Redis keeps what it is given. With the database as queue there is nothing to ask. */
export const checkQueue: Check = {
  name: "queue",
  async run({ config: { queue } }) {
    if (queue.kind !== "redis" || queue.url.reveal() === "") return [];
    const { version, appendOnly, appendFsync, evictionPolicy } = await probeRedis(queue.url.reveal());
    const major = Number(version.split(".")[0]);
    const findings: Finding[] = [];
    if (major < 6) {
      findings.push(problem(`Redis is ${version}.`, "BullMQ needs 6.2 or newer.", "Move to a newer Redis."));
    }
    if (evictionPolicy !== null && evictionPolicy !== "noeviction") {
      findings.push(
        problem(
          `Redis evicts when it is full (maxmemory-policy ${evictionPolicy}).`,
          "Rings disappear, and work starts only when the sweeper finds it.",
          "Set maxmemory-policy to noeviction.",
        ),
      );
    }
    if (appendOnly === "no") {
      findings.push(
        warning(
          "Redis keeps no journal (appendonly no).",
          "After its restart timers and rings are gone until the sweeper rings again.",
          "Set appendonly to yes.",
        ),
      );
    }
    if (appendOnly === "yes" && appendFsync === "no") {
      findings.push(
        warning(
          "Redis leaves its journal to the system (appendfsync no).",
          "A crash can lose half a minute of it.",
          "Set appendfsync to everysec.",
        ),
      );
    }
    return findings;
  },
};

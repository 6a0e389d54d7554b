// Answers the stage "execute" and never comes to an end: says so on stdout and waits to be killed.
import { createDoorbell, type DoorbellConnection } from "../../../src/adapters/queue/doorbell.ts";
import { typed } from "../../support/typed.ts";
import { silent } from "./queues.ts";

const doorbell = await createDoorbell(typed<DoorbellConnection>(JSON.parse(process.argv[2] ?? "")), silent);
await doorbell.answer("execute", 1, async (subject) => {
  process.stdout.write(`${subject}\n`);
  await new Promise(() => undefined);
});
setInterval(() => undefined, 1000);

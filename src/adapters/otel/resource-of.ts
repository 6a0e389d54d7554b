import { hostname } from "node:os";
import { randomUUID } from "node:crypto";
import { defaultResource, type Resource, resourceFromAttributes } from "@opentelemetry/resources";

/** Who it is that sends. */
export function resourceOf({
  serviceName,
  role,
  resource,
}: {
  serviceName: string;
  role: string;
  resource: Record<string, string>;
}): Resource {
  return defaultResource().merge(
    resourceFromAttributes({
      "service.instance.id": randomUUID(),
      "host.name": hostname(),
      "process.pid": process.pid,
      "signalman.role": role,
      ...resource,
      "service.name": serviceName,
    }),
  );
}

import { z } from "zod";
import { addressFrom, HttpAddress, SocketAddress } from "./addresses.ts";
import type { Secret } from "./secret.ts";
import type { Variables } from "./variables.ts";

export const FeatBitSettings = z
  .strictObject({
    apiUrl: HttpAddress.optional().describe(
      "The API server, such as http://featbit:5000 or https://app-api.featbit.co.",
    ),
    streamingUrl: SocketAddress.optional().describe(
      "The evaluation server's streaming address, such as ws://featbit:5100.",
    ),
    eventsUrl: HttpAddress.optional().describe(
      "The evaluation server's events address; absent: the streaming one over HTTP.",
    ),
    consoleUrl: HttpAddress.optional().describe("FeatBit's web page, for links."),
  })
  .prefault({});
export type FeatBitSettings = z.infer<typeof FeatBitSettings>;

export interface FeatBit {
  apiUrl: string;
  streamingUrl: string;
  eventsUrl: string;
  consoleUrl: string | null;
}

export function readFeatBit(settings: FeatBitSettings, variables: Variables, file: string): FeatBit {
  const need = (name: string, key: string, address: string | undefined, example: string): string => {
    if (address === undefined) {
      variables.findings.push(`${name} is not set; set it, or ${key} in ${file}, to ${example}.`);
    }
    return address ?? "";
  };
  const api = addressFrom(variables, "FEATBIT_API_URL", settings.apiUrl);
  const streaming = addressFrom(variables, "FEATBIT_STREAMING_URL", settings.streamingUrl, [
    "wss",
    "ws",
    "https",
    "http",
  ]);
  const streamingUrl = need(
    "FEATBIT_STREAMING_URL",
    "featbit.streamingUrl",
    streaming,
    "the evaluation server such as ws://featbit.example:5100",
  );
  return {
    apiUrl: need(
      "FEATBIT_API_URL",
      "featbit.apiUrl",
      api,
      "the API server such as http://featbit.example:5000",
    ),
    streamingUrl,
    eventsUrl:
      addressFrom(variables, "FEATBIT_EVENTS_URL", settings.eventsUrl) ?? streamingUrl.replace(/^ws/, "http"),
    consoleUrl: settings.consoleUrl ?? null,
  };
}

export function readReadToken(variables: Variables): Secret {
  return variables.secret(
    "FEATBIT_READ_TOKEN",
    "set it to a FeatBit access token that may read projects, flags, segments and audit logs",
  );
}

export function readWriteToken(variables: Variables): Secret {
  return variables.secret(
    "FEATBIT_WRITE_TOKEN",
    "set it to a FeatBit access token that may change flags in the environments of the catalogue",
  );
}

export function readControlsSecret(variables: Variables): Secret {
  return variables.secret(
    "FEATBIT_CONTROLS_SECRET",
    "set it to the server SDK secret of the FeatBit environment in which Signalman's own controls live",
  );
}

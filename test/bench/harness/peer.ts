import type { AlertForm } from "./alerts.ts";
import type { Told } from "./slack-sink.ts";

/** What people would otherwise use, or ours: something that is sent alerts and tells Slack. */
/** Services by what is sent of them: new trouble, more of a trouble that is known, storms. */
export interface PeerServices {
  fresh: readonly string[];
  known: readonly string[];
  storm: readonly string[];
}

export interface Peer extends AsyncDisposable {
  url: string;
  form: AlertForm;
  services: PeerServices;
  /** Its processes, those below them not named. */
  pids(): readonly number[];
  /** From now on Slack takes one message a second, as it does; before, all at once. */
  paceSlack(): Promise<void>;
  told(): Promise<Told>;
  /** When each alert was first told, by its id. */
  firstTold(): Promise<ReadonlyMap<string, number>>;
  /** After how long without a message nothing more is to be expected. */
  silentMs: number;
  /** Kills every process of it at once, and starts it as before. */
  crash(): Promise<void>;
}

/**
 * A part of the right-hand column that the demo supplies. `html` gives trusted markup without scripts or inline
 * styles (the page's policy refuses both); it is asked for again at every `refresh` of the page.
 */
export type Panel = {
  readonly id: string;
  readonly title: string;
  html(): string | Promise<string>;
  readonly actions?: readonly PanelAction[];
};

export type PanelAction = {
  readonly id: string;
  readonly label: string;
  /** One line below the button: what will happen. */
  readonly hint?: string;
  readonly style?: "primary" | "danger";
  /** A returned text is shown to the person; a rejection is shown as an error. */
  run(): void | string | Promise<void | string>;
};

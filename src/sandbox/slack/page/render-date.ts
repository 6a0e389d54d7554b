const dateStyles: Readonly<Record<string, Intl.DateTimeFormatOptions>> = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  date_pretty: { year: "numeric", month: "long", day: "numeric" },
  date_short_pretty: { year: "numeric", month: "short", day: "numeric" },
  date_long_pretty: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** Fills Slack's date tokens such as `{date_short} at {time}`, in this machine's time zone. */
export function formatDate(epochS: number, format: string): string {
  const date = new Date(epochS * 1000);
  return format.replace(/\{(\w+)\}/g, (token, name: string) => {
    if (name === "ago") return ago(epochS);
    const style = Object.hasOwn(dateStyles, name) ? dateStyles[name] : undefined;
    if (style === undefined) return token;
    return style.hour === undefined
      ? date.toLocaleDateString("en-GB", style)
      : date.toLocaleTimeString("en-GB", style);
  });
}

export function clockTime(epochS: number): string {
  return formatDate(epochS, "{time}");
}

function ago(epochS: number): string {
  const seconds = Math.round(epochS - Date.now() / 1000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(seconds) < 90) return words.format(seconds, "second");
  if (Math.abs(seconds) < 5400) return words.format(Math.round(seconds / 60), "minute");
  if (Math.abs(seconds) < 129_600) return words.format(Math.round(seconds / 3600), "hour");
  return words.format(Math.round(seconds / 86_400), "day");
}

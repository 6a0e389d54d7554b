const tries = 3;

/**
 * Does again what came to nothing, as people do: a click or a command that Slack could not hand over, because the
 * socket was just gone, is lost.
 */
export async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await act();
    } catch (error) {
      if (tried === tries) throw error;
    }
  }
}

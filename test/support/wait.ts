/** Waiting for a condition, never for a time. */

/**
 * Waits until a condition holds.
 *
 * @param what names it in the error
 * @throws Error when it has not come true after `limit` milliseconds
 */
export async function until(what: string, condition: () => unknown, limit = 20_000): Promise<void> {
  const end = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${limit} ms in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

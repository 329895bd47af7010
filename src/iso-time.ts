/** Times for people and programs that read lists and reports. */

/**
 * A time in ISO 8601, in UTC.
 *
 * @param milliseconds since 1970; undefined = none
 * @returns such as `2026-11-29T06:30:00.000Z`; blank where there is none
 */
export function isoTime(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : new Date(milliseconds).toISOString();
}

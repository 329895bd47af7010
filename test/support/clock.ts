/**
 * The processor time that this thread has used, in milliseconds. Unlike the time of day it does not count what else the machine
 * does meanwhile.
 */
export function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

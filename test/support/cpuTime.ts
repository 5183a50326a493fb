/** Milliseconds of processor time that a synchronous piece of work takes: unlike a clock, hardly touched by a busy machine. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

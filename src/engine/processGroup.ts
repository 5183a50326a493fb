/** Signals a process and all that it started, if it leads a group of its own and any of that is left. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended.
  }
}

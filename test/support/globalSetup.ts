import { sweepRunDirectories } from './runDirectory';

/** Runs once before the integration tests. */
export function setup(): void {
  sweepRunDirectories();
}

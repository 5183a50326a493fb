import { prepare } from './prepare';
import { sweepRunDirectories } from './runDirectory';

/** Runs once before the integration tests. */
export async function setup(): Promise<void> {
  await sweepRunDirectories();
  await prepare('integration');
}

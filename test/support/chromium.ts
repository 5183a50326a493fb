import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { withLock } from './cache';

const execute = promisify(execFile);
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

function onPath(): string | undefined {
  for (const dir of (process.env['PATH'] ?? '').split(path.delimiter))
    for (const name of NAMES) {
      const file = path.join(dir, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // The next one.
      }
    }
  return undefined;
}

/**
 * A Chromium-based browser from PATH; on Debian, as root, it is installed where it is missing. Elsewhere its absence is an
 * error that says what to install.
 */
export async function ensureChromium(report: (text: string) => void = () => undefined): Promise<string> {
  const found = onPath();
  if (found) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(`A Chromium-based browser is needed on PATH (one of ${NAMES.join(', ')}).`);
  return withLock('apt', async () => {
    report('installing Chromium');
    const options = {
      timeout: 600_000,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    const install = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=300', 'install', '--no-install-recommends', 'chromium'];
    // The package lists of a fresh machine may be empty or old; that costs a second, failing costs the run.
    await execute('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', 'update'], options);
    await execute('apt-get', install, options);
    const installed = onPath();
    if (!installed) throw new Error('The package chromium is installed, but there is no chromium on PATH.');
    return installed;
  });
}

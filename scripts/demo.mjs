// `npm run demo`: sets up what is missing, builds, and runs test/support/demo/main.ts with the same arguments.
import { spawn } from 'node:child_process';
import { ensureDependencies, root, run } from './setup.mjs';

ensureDependencies();
run(process.execPath, ['scripts/build.mjs']);
const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/demo/main.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// The demo cleans up when it gets a signal (twice is fine: Ctrl-C reaches the whole foreground group); wait for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// npm passes no SIGTERM on: when it is gone, nobody waits for the demo any more.
const parent = process.ppid;
setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref();
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));

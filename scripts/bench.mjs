// `npm run bench`: sets up what is missing, builds, and runs test/bench/main.ts with the same arguments.
import { ensureDependencies, run } from './setup.mjs';

ensureDependencies();
run(process.execPath, ['scripts/build.mjs', '--production']);
run(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', ...process.argv.slice(2)]);

import { prepare, type Level } from './prepare';

// The preparation of a level as a program, so that whoever starts the tests can tell a missing prerequisite from a failed test.
prepare(process.argv[2] as Level).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

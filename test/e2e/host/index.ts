import Mocha from 'mocha';
import { writeFileSync } from 'node:fs';
import { activationTests } from './activation';
import { clusterTests } from './clusters';
import { languageTests } from './language';
import { setting } from './setting';

/** VS Code calls this in the extension host, and takes a rejection for a failure. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'base' });
  mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, '', mocha);
  for (const register of [activationTests, languageTests, clusterTests]) register();
  const failures: string[] = [];
  let passed = 0;
  let skipped = 0;
  await new Promise<void>(resolve => {
    const runner = mocha.run(() => resolve());
    runner.on('pass', test => {
      passed++;
      console.log(`✓ host: ${test.fullTitle()} (${test.duration ?? 0} ms)`);
    });
    runner.on('pending', () => skipped++);
    runner.on('fail', (test, error: Error) => {
      const text = error.stack ?? error.message;
      failures.push(`e2e host > ${test.fullTitle()}\n${text}`);
      console.log(`✗ host: ${test.fullTitle()}\n${text}`);
    });
  });
  writeFileSync(setting.resultFile, JSON.stringify({ passed, failed: failures.length, skipped, failures }));
  if (failures.length > 0) throw new Error(`${failures.length} tests failed`);
}

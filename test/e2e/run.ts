// The end-to-end tests: the packaged extension in a real VS Code, with real servers behind it. Arguments are words that the
// names of the scenarios to run contain; without any, all are run.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkActivationTime } from './activationTime';
import { runHostTests } from './hostRun';
import { runScenarios, type Result } from './runner';
import { clusterScenarios } from './ui/clusterScenarios';
import { failureScenarios } from './ui/failureScenarios';
import { languageScenarios } from './ui/languageScenarios';
import { monitoringScenarios } from './ui/monitoringScenarios';
import { operationScenarios } from './ui/operationScenarios';
import { reportScenarios } from './ui/reportScenarios';
import { trustScenarios } from './ui/trustScenarios';
import { createWorld, packageExtension } from './world';

/** `npm test` starts us in the project's folder. */
const root = process.cwd();
/** Pictures, logs, remains of failures. Inside the project, because tests in the extension host find their packages from there. */
const out = path.resolve(root, process.env['MHA_OPS_E2E_OUT'] ?? 'test/.out/e2e');
const words = process.argv.slice(2);
const wanted = (name: string) => words.length === 0 || words.some(word => name.includes(word));

/** In this order: those at the end leave servers dead. */
const SCENARIOS = [
  ...languageScenarios,
  ...trustScenarios,
  ...clusterScenarios,
  ...reportScenarios,
  ...failureScenarios,
  ...monitoringScenarios,
  ...operationScenarios,
].filter(scenario => wanted(scenario.name));

function add(total: Result, part: Result): void {
  total.passed += part.passed;
  total.failed += part.failed;
  total.skipped += part.skipped;
  total.failures.push(...part.failures);
}

async function main(): Promise<Result> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const vsix = path.join(out, 'mysql-ha-ops.vsix');
  const total: Result = { passed: 0, failed: 0, skipped: 0, failures: [] };
  // Its own checks are the test of what is shipped: sizes, contents, no driver in what is loaded at activation.
  packageExtension(root, vsix);
  total.passed++;
  await using world = await createWorld({ vsix, out, report: text => console.log(text) });
  if (wanted('host')) add(total, await runHostTests({ root, out, world }));
  add(total, await runScenarios(world, SCENARIOS, out));
  if (SCENARIOS.length > 0)
    try {
      console.log(`✓ ${checkActivationTime(world)}`);
      total.passed++;
    } catch (error) {
      total.failed++;
      total.failures.push(`e2e > activation time\n${(error as Error).message}`);
    }
  return total;
}

// Ended from outside: `exit` handlers end the servers, too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

async function run(): Promise<void> {
  const started = performance.now();
  const result = await main().catch((error: unknown): Result => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.log(text);
    return { passed: 0, failed: 1, skipped: 0, failures: [`e2e\n${text}`] };
  });
  const file = process.env['MHA_OPS_RESULT'];
  if (file) writeFileSync(file, JSON.stringify(result));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`e2e: ${result.passed} passed, ${result.failed} failed, ${seconds} s`);
  process.exit(result.failed > 0 ? 1 : 0);
}

void run();

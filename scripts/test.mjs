// `npm test` and `npm run test:LEVEL`: from a fresh clone to one last line, `N passed, N failed`.
// Levels: checks (build, types, lint, format), unit, integration, e2e; without an argument all of them.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { dependenciesAreCurrent, root } from './setup.mjs';

const LEVELS = ['checks', 'unit', 'integration', 'e2e'];
const MINUTE = 60_000;
/** Each level's own limit, and that of the whole run, set-up included. */
const LIMITS = { setup: 10 * MINUTE, checks: 5 * MINUTE, unit: 5 * MINUTE, integration: 12 * MINUTE, e2e: 10 * MINUTE };
const deadline = performance.now() + 25 * MINUTE;
const out = path.join(root, 'test/.out');
const bin = name => path.join(root, 'node_modules/.bin', name);
const tsx = (...args) => [process.execPath, ['--import', 'tsx', ...args]];

const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
const running = new Set();

/** Runs a program to its end; killed with all that it started when its time is up. Output is shown as it comes. */
function execute(what, [file, args], { limit, buffered = false, env = {} }) {
  return new Promise(resolve => {
    const output = buffered ? 'pipe' : 'inherit';
    const child = spawn(file, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', output, output] });
    running.add(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', part => (text += part));
    let late = false;
    const allowed = Math.max(0, Math.min(limit, deadline - performance.now()));
    const timer = setTimeout(() => {
      late = true;
      kill(child);
    }, allowed);
    const done = (code, error) => {
      clearTimeout(timer);
      running.delete(child);
      const reason = late
        ? `not finished after ${Math.round(allowed / 1000)} s`
        : (error?.message ?? `exit code ${code}`);
      resolve({ ok: code === 0 && !late, reason: `${what}: ${reason}`, text });
    };
    child.on('error', error => done(-1, error));
    child.on(buffered ? 'close' : 'exit', code => done(code));
  });
}

/** SIGKILL for a child and for everything below it, found before their parents are gone. */
function kill(child) {
  const pids = [child.pid];
  for (let i = 0; i < pids.length; i++) {
    try {
      for (const thread of fs.readdirSync(`/proc/${pids[i]}/task`))
        for (const pid of fs.readFileSync(`/proc/${pids[i]}/task/${thread}/children`, 'utf8').split(' '))
          if (Number(pid) > 1) pids.push(Number(pid));
    } catch {
      // Ended meanwhile, or a system without /proc.
    }
  }
  for (const pid of pids)
    try {
      if (pid > 1) process.kill(pid, 'SIGKILL');
    } catch {
      // Ended meanwhile.
    }
}

function passed(count = 1) {
  total.passed += count;
}

function failed(text) {
  total.failed++;
  total.failures.push(text);
}

/** One thing that succeeds or fails as a whole. */
async function single(what, command, options) {
  const result = await execute(what, command, options);
  if (result.ok) passed();
  else failed([result.reason, result.text.trim()].filter(Boolean).join('\n'));
  console.log(`${result.ok ? '✓' : '✗'} ${what}`);
  if (!result.ok && result.text) console.log(result.text.trimEnd());
  return result.ok;
}

function title(text) {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 70 - text.length))}`);
}

async function setUp() {
  if (!dependenciesAreCurrent()) {
    title('packages');
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const result = await execute('npm ci', ['npm', args], { limit: LIMITS.setup });
    if (!result.ok) {
      failed(result.reason);
      return false;
    }
  }
  title('build');
  // Most tests need no bundle: a broken build is one failure among others.
  await single('build', [process.execPath, ['scripts/build.mjs']], { limit: LIMITS.setup, buffered: true });
  return true;
}

async function checks() {
  const options = { limit: LIMITS.checks, buffered: true };
  await Promise.all([
    single('types', ['npm', ['run', '--silent', 'typecheck']], options),
    single('lint', [bin('eslint'), ['.']], options),
    single('format', [bin('prettier'), ['--check', '.']], options),
  ]);
}

/** Installs and fetches what a level needs; without it the level is one failure instead of many. */
async function prepared(level) {
  const result = await execute(`${level}: preparation`, tsx('test/support/prepareLevel.ts', level), {
    limit: LIMITS.setup,
  });
  if (!result.ok) failed(result.reason);
  return result.ok;
}

function readResult(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

async function vitest(level) {
  if (!(await prepared(level))) return;
  const file = path.join(out, `${level}.json`);
  fs.rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const run = [bin('vitest'), ['run', '--project', level, ...reporters]];
  const result = await execute(level, run, { limit: LIMITS[level] });
  const report = readResult(file);
  const before = total.failed;
  for (const suite of report?.testResults ?? []) {
    const name = path.relative(root, suite.name);
    const failures = suite.assertionResults.filter(test => test.status === 'failed');
    for (const test of failures) failed(`${name} > ${test.fullName}\n${(test.failureMessages ?? []).join('\n')}`);
    if (suite.status === 'failed' && failures.length === 0) failed(`${name}\n${suite.message}`);
    passed(suite.assertionResults.filter(test => test.status === 'passed').length);
    total.skipped += suite.assertionResults.filter(test => !['passed', 'failed'].includes(test.status)).length;
  }
  // Also errors outside of any test, and a runner that died.
  if (!result.ok && total.failed === before) failed(`${result.reason}, see above`);
  else if (!report?.numTotalTests && total.failed === before) failed(`${level}: no test was run`);
}

/** The contract of test/e2e/run.ts: it writes {passed, failed, skipped, failures: string[]} to the file $MHA_OPS_RESULT. */
async function e2e() {
  if (!(await prepared('e2e'))) return;
  const file = path.join(out, 'e2e.json');
  fs.rmSync(file, { force: true });
  const result = await execute('e2e', tsx('test/e2e/run.ts'), { limit: LIMITS.e2e, env: { MHA_OPS_RESULT: file } });
  const report = readResult(file) ?? {};
  passed(report.passed ?? 0);
  total.skipped += report.skipped ?? 0;
  total.failed += report.failed ?? 0;
  total.failures.push(...(report.failures ?? []));
  if (!result.ok && !report.failed) failed(`${result.reason}, see above`);
  else if (result.ok && !((report.passed ?? 0) + (report.failed ?? 0) > 0)) failed('e2e: no test was run');
}

function summary() {
  if (total.failures.length > 0) title('failures');
  for (const [i, text] of total.failures.entries()) console.log(`\n${i + 1}) ${text.slice(0, 6000)}`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter(level => !LEVELS.includes(level));
if (unknown.length > 0) {
  console.error(`unknown level ${unknown.join(', ')}; there are ${LEVELS.join(', ')}`);
  process.exit(2);
}
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
  process.on(signal, () => {
    for (const child of running) kill(child);
    process.exit(code);
  });

fs.mkdirSync(out, { recursive: true });
const started = performance.now();
const run = { checks, unit: () => vitest('unit'), integration: () => vitest('integration'), e2e };
if (await setUp())
  for (const level of LEVELS.filter(level => wanted.length === 0 || wanted.includes(level))) {
    title(level);
    const from = performance.now();
    await run[level]();
    console.log(`${level}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
  }
console.log(`\n${((performance.now() - started) / 1000).toFixed(1)} s in all`);
summary();
process.exitCode = total.failed > 0 ? 1 : 0;

// What every entry point needs first, with nothing but Node: the packages of package-lock.json.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Runs a program of Node's own (npm, a script) and ends this process with its exit code if it fails. */
export function run(program, args, options = {}) {
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? (signal ? 1 : 0));
}

/** Whether node_modules holds what package-lock.json asks for (optional packages of other systems aside). */
export function dependenciesAreCurrent() {
  const packages = file => JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages;
  if (!fs.existsSync(path.join(root, 'node_modules/.package-lock.json'))) return false;
  const installed = packages('node_modules/.package-lock.json');
  return Object.entries(packages('package-lock.json')).every(
    ([name, { version, integrity, optional, devOptional }]) =>
      name === '' ||
      (installed[name]
        ? installed[name].version === version && installed[name].integrity === integrity
        : optional || devOptional),
  );
}

/** Installs the packages if they are missing or older than the lock file. */
export function ensureDependencies() {
  if (dependenciesAreCurrent()) return;
  console.log('Installing packages (npm ci) …');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
}

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { MissingPrerequisite, withLock } from './cache';
import { mustRun, run } from './processes';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The address from which this machine gets Debian's main archive, as its apt sources name it. */
export function debianMirror(): string {
  const entries = sourceFiles().flatMap(file =>
    file.endsWith('.sources') ? deb822Entries(readText(file)) : listEntries(readText(file)),
  );
  const codename = osRelease()['VERSION_CODENAME'] ?? 'stable';
  const suites = [codename, 'stable', 'testing', 'sid', 'unstable'];
  const found = entries.find(entry => suites.includes(entry.suite) && entry.components.includes('main'));
  if (osRelease()['ID'] !== 'debian' || !found)
    throw new MissingPrerequisite('a Debian system whose apt sources name an archive of its release');
  return found.uri;
}

interface SourceEntry {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

function sourceFiles(): string[] {
  const dir = '/etc/apt/sources.list.d';
  const parts = existsSync(dir) ? readdirSync(dir).map(name => path.join(dir, name)) : [];
  return ['/etc/apt/sources.list', ...parts].filter(file => existsSync(file) && /\.(list|sources)$/.test(file));
}

/** Entries of a `.sources` file (sources.list(5), DEB822-STYLE FORMAT). */
export function deb822Entries(text: string): SourceEntry[] {
  return text.split(/\n\s*\n/).flatMap(stanza => {
    const fields: Record<string, string[]> = {};
    let name = '';
    for (const line of stanza.split('\n').filter(line => !line.startsWith('#'))) {
      const field = /^([A-Za-z-]+):(.*)$/.exec(line);
      if (field) name = (field[1] as string).toLowerCase();
      const words = (field ? (field[2] as string) : line).split(/\s+/).filter(Boolean);
      if (name) (fields[name] ??= []).push(...words);
    }
    if (/^no$/i.test(fields['enabled']?.[0] ?? 'yes') || !fields['types']?.includes('deb')) return [];
    return (fields['uris'] ?? []).flatMap(uri =>
      (fields['suites'] ?? []).map(suite => ({ uri, suite, components: fields['components'] ?? [] })),
    );
  });
}

/** Entries of a sources.list in the one-line style. */
export function listEntries(text: string): SourceEntry[] {
  return text.split('\n').flatMap(line => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) return [];
    const [, uri = '', suite = '', rest = ''] = match;
    return [{ uri, suite, components: rest.split(/\s+/).filter(Boolean) }];
  });
}

function osRelease(): Partial<Record<string, string>> {
  const values: Partial<Record<string, string>> = {};
  for (const [, name, value] of readText('/etc/os-release').matchAll(/^(\w+)="?([^"\n]*)"?$/gm))
    if (name !== undefined) values[name] = value;
  return values;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Unpacks packages of a Debian suite, with everything that they depend on (libc included), into `root`. Nothing is
 * installed; apt works with lists, state and cache of its own below `work` and checks the archive's signature as always.
 */
export async function unpackPackages(
  suite: string,
  packages: readonly string[],
  root: string,
  work: string,
): Promise<void> {
  for (const tool of ['apt-get', 'dpkg-deb'])
    if ((await run('sh', ['-c', `command -v ${tool}`])).code !== 0)
      throw new MissingPrerequisite(`the program ${tool}`);
  if (!existsSync(KEYRING)) throw new MissingPrerequisite('the package debian-archive-keyring');
  const at = (name: string) => path.join(work, name);
  for (const dir of ['lists/partial', 'archives/partial', 'state', 'etc/parts', 'etc/prefs'])
    mkdirSync(at(dir), { recursive: true });
  writeFileSync(at('etc/sources.list'), `deb [signed-by=${KEYRING}] ${debianMirror()} ${suite} main\n`);
  // An empty status file: no package counts as installed, so that the unpacked tree is complete.
  writeFileSync(at('state/status'), '');
  const settings = {
    'Dir::State': at('state'),
    'Dir::State::status': at('state/status'),
    'Dir::State::Lists': at('lists'),
    'Dir::Cache': work,
    'Dir::Cache::archives': at('archives'),
    'Dir::Etc::SourceList': at('etc/sources.list'),
    'Dir::Etc::SourceParts': at('etc/parts'),
    'Dir::Etc::Preferences': at('etc/none'),
    'Dir::Etc::PreferencesParts': at('etc/prefs'),
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'DPkg::Lock::Timeout': '300',
  };
  const apt = (...args: string[]) =>
    mustRun('apt-get', [...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...args], {
      timeoutMs: 600_000,
      env: { LC_ALL: 'C.UTF-8' },
    });
  await apt('-qq', 'update');
  await apt('-qq', '-y', '--download-only', 'install', ...packages);
  mkdirSync(root, { recursive: true });
  for (const name of readdirSync(at('archives')).filter(name => name.endsWith('.deb')))
    await mustRun('dpkg-deb', ['-x', path.join(at('archives'), name), root], { timeoutMs: 300_000 });
  for (const unused of ['doc', 'man', 'info', 'perl', 'locale', 'zoneinfo'])
    rmSync(path.join(root, 'usr/share', unused), { recursive: true, force: true });
  rmSync(work, { recursive: true, force: true });
}

/**
 * How to start programs of an unpacked tree: through the tree's own loader, because its libc may be newer than the
 * machine's. The loader is copied under the program's name, which is what the kernel then calls the process.
 */
export function unpackedProgram(dir: string, name: string, file: string): readonly string[] {
  const root = path.join(dir, 'root');
  const loader = path.join(dir, 'loader', name);
  // Debian 12 still has libc in /lib, later releases in /usr/lib.
  const libraries = ['usr/lib', 'lib'].map(lib => path.join(root, lib, 'x86_64-linux-gnu')).filter(existsSync);
  if (!existsSync(loader)) {
    mkdirSync(path.dirname(loader), { recursive: true });
    const origin = libraries.map(lib => path.join(lib, 'ld-linux-x86-64.so.2')).find(existsSync);
    if (!origin) throw new Error(`no loader in ${root}`);
    copyFileSync(origin, loader);
    chmodSync(loader, 0o755);
  }
  const program = path.join(root, file);
  return [loader, '--library-path', libraries.join(':'), '--argv0', program, program];
}

export interface SystemPackage {
  readonly name: string;
  /** Tells whether what it brings is there. */
  readonly present: () => boolean;
}

/** Installs Debian packages of the machine's own release that are not there; their services are not started. */
export async function installPackages(packages: readonly SystemPackage[]): Promise<void> {
  const missing = () => packages.filter(wanted => !wanted.present()).map(wanted => wanted.name);
  if (missing().length === 0) return;
  await withLock('apt', async () => {
    const names = missing();
    if (names.length === 0) return;
    const command = `apt-get install ${names.join(' ')}`;
    if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
      throw new MissingPrerequisite(`missing on this machine: ${names.join(', ')}; install with: ${command}`);
    process.stderr.write(`installing ${names.join(' ')} …\n`);
    await withoutServiceStarts(async () => {
      const options = [
        '-qq',
        '-y',
        '--no-install-recommends',
        '-o',
        'DPkg::Lock::Timeout=300',
        '-o',
        'Acquire::Retries=3',
      ];
      const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
      const update = await run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', 'update'], {
        timeoutMs: 600_000,
        env,
      });
      const install = await run('apt-get', [...options, 'install', ...names], { timeoutMs: 900_000, env });
      if (install.code !== 0)
        throw new MissingPrerequisite(`${command} failed\n${update.stderr}${install.stderr}`.slice(0, 4000));
    });
    if (missing().length > 0) throw new MissingPrerequisite(`${command} did not bring what was expected`);
  });
}

/** Debian's way to install a package without starting its service: policy-rc.d answers "not allowed". */
async function withoutServiceStarts(work: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

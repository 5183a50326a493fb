import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { version } from '../../../package.json';
import { readForMha } from '../../../src/cli/mhaConfig';
import { mhaCommand } from '../../../src/cli/mha';
import { mhaTextLog } from '../../../src/engine/log';
import type { Translations } from '../../../src/l10n/message';
import { runCommand } from './runCommand';

const ANNOTATED = `[server default]
user=mha
password=geheim
ping_interval=1      # seconds
manager_log=/var/log/masterha/app1.log
[server1]
hostname=10.0.0.1
candidate_mastr=1
[server2]
hostname=10.0.0.2
`;

const GOOD = ANNOTATED.replace('      # seconds', '').replace('candidate_mastr', 'candidate_master');

const CHINESE = JSON.parse(readFileSync('l10n/zh-cn/cli.json', 'utf8')) as Translations;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'mha-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(text: string | Buffer, name = 'app1.cnf'): string {
  const full = path.join(directory, name);
  writeFileSync(full, text, { mode: 0o600 });
  return full;
}

/** Never the global file of this machine. */
const NO_GLOBAL = '--global_conf=/nonexistent/masterha_default.cnf';

const mha = (...args: readonly string[]) => runCommand(mhaCommand, args);

describe('mha', () => {
  it('explains itself', async () => {
    expect(await mha('--version')).toEqual({ code: 0, stdout: `mha version ${version}.\n`, stderr: '' });
    for (const args of [['--help'], ['help'], ['-h']])
      expect(await mha(...args)).toMatchObject({ code: 0, stderr: '' });
    expect(await mha()).toMatchObject({ code: 2, stdout: '' });
    expect(await mha('check')).toMatchObject({ code: 2, stdout: '' });
    expect((await mha('help', 'check', 'ssh')).stdout).toContain('mha check ssh [options] FILE...');
    for (const command of [['lint'], ['config'], ['topology'], ['check', 'repl'], ['check', 'ssh']]) {
      const { code, stdout } = await mha(...command, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage:\n    mha ${command.join(' ')} `);
      expect(stdout).toContain('Exit codes:');
    }
  });

  it('speaks Chinese', async () => {
    const { stdout } = await runCommand(mhaCommand, ['lint', '--help'], { translations: CHINESE });
    expect(stdout).toContain('用法');
    expect(stdout).not.toMatch(/Options:|Exit codes:|no errors/);
  });

  it('suggests what was meant', async () => {
    expect(await mha('tpology')).toMatchObject({ code: 2, stdout: '' });
    expect((await mha('tpology')).stderr).toContain('did you mean "mha topology"?');
    expect((await mha('check', 'replication')).code).toBe(2);
    expect((await mha('lint', '--fromat=json', 'x')).stderr).toContain('did you mean --format?');
  });
});

describe('mha lint', () => {
  it('sees that two of the files share their state files', async () => {
    mkdirSync(path.join(directory, 'other'));
    const names = [file(GOOD), file(GOOD, 'other/app1.cnf')];
    const { stdout } = await mha('lint', NO_GLOBAL, ...names);
    expect(stdout).toMatch(/other\/app1\.cnf:\d+:\d+: warning: .*app1\.cnf has the same name.* \[shared-state-files\]/);
    expect((await mha('lint', NO_GLOBAL, names[1] ?? '')).stdout).not.toContain('shared-state-files');
  });

  it('says everything at its line, as compilers do', async () => {
    const conf = file(ANNOTATED);
    const { code, stdout } = await mha('lint', NO_GLOBAL, conf);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${conf}:4:\\d+: error: .* \\[comment-in-value\\]$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${conf}:8:\\d+: error: .*candidate_master.* \\[unknown-parameter\\]$`, 'm'));
    expect(stdout).toMatch(/errors: \d+, warnings: \d+, notes: \d+\n$/);
    expect(stdout).not.toContain('geheim');
  });

  it('has no quarrel with a good file, unless it is strict', async () => {
    const { code, stdout } = await mha('lint', file(GOOD));
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect((await mha('lint', '--strict', NO_GLOBAL, file(GOOD))).code).toBe(1);
  });

  it('counts lines and columns from 1 in JSON', async () => {
    const conf = file(ANNOTATED);
    const { code, stdout } = await mha('lint', '--json', conf);
    expect(code).toBe(1);
    const { files, summary } = JSON.parse(stdout) as {
      files: { file: string; findings: Record<string, unknown>[] }[];
      summary: Record<string, number>;
    };
    expect(files).toHaveLength(1);
    expect(files[0]!.file).toBe(conf);
    expect(files[0]!.findings.find(f => f['code'] === 'unknown-parameter')).toMatchObject({
      severity: 'error',
      file: conf,
      line: 8,
      column: 1,
      endLine: 8,
      rejectedByMha: true,
    });
    expect(summary['error']).toBeGreaterThanOrEqual(2);
    expect(stdout).not.toContain('geheim');
  });

  it('takes several files, missing ones, directories, empty and binary ones', async () => {
    const names = [
      file(GOOD),
      path.join(directory, 'missing.cnf'),
      directory,
      file('', 'empty.cnf'),
      file(Buffer.from([0, 1, 2, 255, 254]), 'binary.cnf'),
      file(`[server1]\nhostname=${'x'.repeat(1_000_000)}\n`, 'long.cnf'),
    ];
    const { code, stdout } = await mha('lint', '--json', ...names);
    expect(code).toBe(1);
    const { files } = JSON.parse(stdout) as { files: { file: string; findings: { severity: string }[] }[] };
    expect(files.map(f => f.file)).toEqual(names);
    expect(files.map(f => f.findings.some(x => x.severity === 'error'))).toEqual([
      false,
      true,
      true,
      true,
      true,
      expect.any(Boolean),
    ]);
    expect(stdout.length).toBeLessThan(100_000);
  });

  it('refuses what it does not understand', async () => {
    expect((await mha('lint')).code).toBe(2);
    expect((await mha('lint', '--format=xml', file(GOOD))).code).toBe(2);
    expect((await mha('lint', '--nonsense', file(GOOD))).code).toBe(2);
  });
});

interface Sarif {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly Record<string, unknown>[] } };
    readonly columnKind: string;
    readonly originalUriBaseIds: Readonly<Record<string, { readonly uri: string }>>;
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string };
          readonly region: Readonly<Record<'startLine' | 'startColumn' | 'endLine' | 'endColumn', number>>;
        };
      }[];
    }[];
  }[];
}

describe('mha lint --format=sarif', () => {
  it('is SARIF 2.1.0', async () => {
    const conf = file(ANNOTATED, 'app 1.cnf');
    const { stdout } = await mha('lint', '--format=sarif', conf, path.join(directory, 'missing.cnf'));
    const log = JSON.parse(stdout) as Sarif;
    expect(Object.keys(log).sort()).toEqual(['$schema', 'runs', 'version']);
    expect(log.version).toBe('2.1.0');
    expect(log.runs).toHaveLength(1);
    const [run] = log.runs;
    const { rules } = run!.tool.driver;
    expect(run!.tool.driver.name).toBe('mha lint');
    expect(run!.columnKind).toBe('utf16CodeUnits');
    expect(run!.originalUriBaseIds['SRCROOT']!.uri).toMatch(/^file:\/\/\/.*\/$/);
    expect(new Set(rules.map(r => r['id'])).size).toBe(rules.length);
    for (const rule of rules) {
      expect(rule['id']).toMatch(/^[a-z0-9-]+$/);
      expect((rule['shortDescription'] as { text: string }).text).not.toBe('');
      expect(['error', 'warning', 'note']).toContain((rule['defaultConfiguration'] as { level: string }).level);
    }
    expect(run!.results.length).toBeGreaterThan(2);
    for (const result of run!.results) {
      expect(rules[result.ruleIndex]!['id']).toBe(result.ruleId);
      expect(['error', 'warning', 'note']).toContain(result.level);
      expect(result.message.text).not.toBe('');
      expect(result.locations).toHaveLength(1);
      const { artifactLocation, region } = result.locations[0]!.physicalLocation;
      expect(artifactLocation.uri).toBe(encodeURI(decodeURI(artifactLocation.uri)));
      for (const n of Object.values(region)) expect(n).toBeGreaterThanOrEqual(1);
      expect([region.endLine, region.endColumn] >= [region.startLine, region.startColumn]).toBe(true);
    }
    expect(run!.results.map(r => r.locations[0]!.physicalLocation.artifactLocation.uri)).toContain(
      pathToFileURL(conf).href,
    );
    expect(stdout).not.toContain('geheim');
  });
});

describe('mha lint --fix', () => {
  it('writes what is certain, keeps the file as it was, and says what is left', async () => {
    const conf = file(ANNOTATED);
    expect((await mha('lint', NO_GLOBAL, conf)).stdout).toMatch(/^ {2}fix: /m);
    const ran = await mha('lint', '--fix', NO_GLOBAL, conf);
    const now = readFileSync(conf, 'utf8');
    expect(now).not.toMatch(/ping_interval=1.*seconds$/m);
    expect(now).toContain('candidate_mastr=1');
    expect(ran.stderr).toContain('[comment-in-value]');
    const backup = /The file as it was: (.*)\n$/.exec(ran.stderr)?.[1] ?? '';
    expect(readFileSync(backup, 'utf8')).toBe(ANNOTATED);
    expect(ran.stdout).not.toContain('[comment-in-value]');
    expect(ran.stdout).toContain('[unknown-parameter]');
    expect(ran.code).toBe(1);
    expect((await mha('lint', '--fix', NO_GLOBAL, conf)).stderr).toBe('');
  });

  it('does not touch standard input', async () => {
    expect(await mha('lint', '--fix', '-')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('mha config', () => {
  it('says why it shows nothing', async () => {
    const binary = file(Buffer.from([0, 1, 2, 255, 254]), 'binary.cnf');
    expect(await mha('config', NO_GLOBAL, binary)).toMatchObject({ code: 1, stdout: '' });
    expect((await mha('config', NO_GLOBAL, binary)).stderr).toContain('[binary-file]');
    const missing = await mha('config', NO_GLOBAL, path.join(directory, 'missing.cnf'));
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('[file-missing]');
  });

  it('gives every parameter of every server with its origin, and no password', async () => {
    const conf = file(GOOD);
    const { code, stdout } = await mha('config', '--json', NO_GLOBAL, conf);
    expect(code).toBe(0);
    expect(stdout).not.toContain('geheim');
    const config = JSON.parse(stdout) as {
      name: string;
      servers: {
        id: string;
        line: number;
        parameters: Record<string, { value: unknown; origin: Record<string, unknown> }>;
      }[];
    };
    expect(config.name).toBe('app1');
    expect(config.servers.map(s => [s.id, s.line])).toEqual([
      ['server1', 6],
      ['server2', 9],
    ]);
    const { parameters } = config.servers[0]!;
    expect(Object.keys(parameters)).toHaveLength(42);
    expect(parameters['password']).toEqual({
      value: '***',
      origin: { level: 'application', file: conf, section: 'server default', line: 3 },
    });
    expect(parameters['port']).toEqual({ value: 3306, origin: { level: 'builtin' } });
    expect(parameters['ping_interval']!.value).toBe(1);
    expect(parameters['report_script']!.value).toBeNull();
    expect(parameters['candidate_master']!.value).toBe(true);
  });

  it('shows passwords in hook commands as stars, too', async () => {
    const conf = file(`${GOOD}report_script=/usr/local/bin/report --smtp_password=geheim2 --to=dba\n`);
    for (const args of [['--json'], [], ['--all']]) {
      const { stdout } = await mha('config', ...args, conf);
      expect(stdout).toContain('--smtp_password=*** --to=dba');
      expect(stdout).not.toContain('geheim');
    }
  });

  it('says why a file is rejected', async () => {
    const { code, stderr } = await mha('config', file(ANNOTATED));
    expect(code).toBe(1);
    expect(stderr).toContain('[unknown-parameter]');
    expect((await mha('config')).code).toBe(2);
    expect((await mha('config', '--json', path.join(directory, 'missing.cnf'))).code).toBe(1);
  });
});

/** What MHA 0.58 says of these files; ours stands behind the file and the line. */
const REJECTED: readonly (readonly [text: string, line: number, mha: string])[] = [
  ['', 1, 'No server is defined in configurations file. Check configurations for details'],
  ['[server1]\nhostname=127.0.0.1\nfoo=1\n', 3, 'Parameter name foo is invalid!'],
  [
    '[server1]\nhostname=127.0.0.1\n[manager]\nx=1\n',
    3,
    'Block name "manager" is invalid. Block name must be "server default" or start from "server"(+ non-whitespace characters).',
  ],
  [
    'user=a\n[server1]\nhostname=127.0.0.1\n',
    1,
    'Block name "_" is invalid. Block name must be "server default" or start from "server"(+ non-whitespace characters).',
  ],
  [
    '[server1]\nport=1\n',
    1,
    'Server server1 does not have hostname! Check configurations and make sure to set hostname parameter.',
  ],
  [
    '[server default]\nping_interval=1 # x\n[server1]\nhostname=127.0.0.1\n',
    2,
    'Parameter ping_interval must be positive integer! current value: 1 # x',
  ],
  [
    '[server1]\nhostname=127.0.0.1\nping_type=FOO\n',
    3,
    "Parameter ping_type must be either 'CONNECT' or 'SELECT' or 'INSERT'. Current value: FOO",
  ],
  [
    '[server1]\nhostname=127.0.0.1\nssh_connection_timeout=0\n',
    3,
    'Parameter ssh_connection_timeout must be positive integer! current value: 0',
  ],
  ['[server1]\nhostname=127.0.0.1\n[server2]\nhostname=127.0.0.1\n', 4, 'have duplicate ip:port'],
  ['[server1]\nhostname=127.0.0.1\nbad line\n', 3, ''],
];

describe('what MHA rejects', () => {
  it.each(REJECTED)('is said in its words, with file and line: %j', async (text, line, words) => {
    const conf = file(text);
    const { cluster, problems } = await readForMha({
      file: conf,
      globalFile: '/nonexistent/masterha_default.cnf',
      signal: new AbortController().signal,
    });
    expect(cluster).toBeUndefined();
    const said = problems.filter(p => p.includes(words));
    expect(said, problems.join('\n')).toHaveLength(1);
    expect(said[0]).toMatch(new RegExp(`\\(${conf}:${line}\\)$`));
  });

  it('is a bad global file, too', async () => {
    const global = file('[server default]\nnonsense\n', 'global.cnf');
    const { problems } = await readForMha({
      file: file(GOOD),
      globalFile: global,
      signal: new AbortController().signal,
    });
    expect(problems.join('\n')).toMatch(
      new RegExp(`^Unable to parse/read configuration file: ${global}: .* \\(${global}:2\\)$`, 'm'),
    );
  });

  it('is logged by the files that were read', async () => {
    const lines: string[] = [];
    const conf = file(GOOD);
    await readForMha({
      file: conf,
      globalFile: '/nonexistent/g.cnf',
      signal: new AbortController().signal,
      log: mhaTextLog(line => lines.push(line.replace(/^.{24}/, ''))),
    });
    expect(lines).toEqual([
      ' - [warning] Global configuration file /nonexistent/g.cnf not found. Skipping.\n',
      ` - [info] Reading application default configuration from ${conf}..\n`,
      ` - [info] Reading server configuration from ${conf}..\n`,
    ]);
  });
});

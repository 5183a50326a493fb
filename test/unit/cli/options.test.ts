import { describe, expect, it } from 'vitest';
import type { OptionTable } from '../../../src/cli/options';
import { nearest, parseArguments } from '../../../src/cli/options';
import { format, msg } from '../../../src/l10n/message';

const help = msg('show this help and exit');
const TABLE = {
  conf: { type: 'string', help },
  ping_limit: { type: 'integer', help },
  all: { type: 'flag', help },
  manager_workdir: { type: 'string', aliases: ['workdir', 'status_dir'], help },
  skip_ssh_check: { type: 'flag', aliases: ['skip_check_ssh'], help },
  help: { type: 'flag', help },
  s: { type: 'string', aliases: ['secondary_host'], repeat: true, help },
} as const satisfies OptionTable;

/** What Perl 5.36's Getopt::Long makes of the same table and arguments. */
const GETOPT: readonly (readonly [args: readonly string[], values: object, rest?: readonly string[]])[] = [
  [['--conf=a'], { conf: 'a' }],
  [['--conf', 'a'], { conf: 'a' }],
  [['-conf', 'a'], { conf: 'a' }],
  [['-conf=a'], { conf: 'a' }],
  [['--CONF=a'], { conf: 'a' }],
  [['--con=a'], { conf: 'a' }],
  [['-c', 'a'], { conf: 'a' }],
  [['+conf=a'], { conf: 'a' }],
  [['--conf', '--help'], { conf: '--help' }],
  [['--conf', '-'], { conf: '-' }],
  [['--conf', '--'], { conf: '--' }],
  [['--conf=a=b'], { conf: 'a=b' }],
  [['--conf', 'a', '--conf', 'b'], { conf: 'b' }],
  [['--ping_limit=5'], { ping_limit: 5 }],
  [['--ping_limit', '-5'], { ping_limit: -5 }],
  [['--ping_limit=+5'], { ping_limit: 5 }],
  [['--ping_limit=1_000'], { ping_limit: 1000 }],
  [['--ping_limit=007'], { ping_limit: 7 }],
  [['--Ping_Limit=3'], { ping_limit: 3 }],
  [['--p', '5'], { ping_limit: 5 }],
  [['--all'], { all: true }],
  [['-all'], { all: true }],
  [['+all'], { all: true }],
  [['--al'], { all: true }],
  [['--sk'], { skip_ssh_check: true }],
  [['--skip_c'], { skip_ssh_check: true }],
  [['--skip_ssh_check', '--skip_check_ssh'], { skip_ssh_check: true }],
  [['--h'], { help: true }],
  [['--status', 'd'], { manager_workdir: 'd' }],
  [['--work=d'], { manager_workdir: 'd' }],
  [['--m=d'], { manager_workdir: 'd' }],
  [['--secondary_host=a', '-s', 'b'], { s: ['a', 'b'] }],
  [['a', '--all', 'b'], { all: true }, ['a', 'b']],
  [['--', '--all'], {}, ['--all']],
  [['-'], {}, ['-']],
  [['--all', '--', 'x'], { all: true }, ['x']],
  [['--all', '1'], { all: true }, ['1']],
];

const REFUSED: readonly (readonly [args: readonly string[], problem: string])[] = [
  [['--conf='], 'Option conf requires an argument'],
  [['--conf'], 'Option conf requires an argument'],
  [['-conf'], 'Option conf requires an argument'],
  [['--s'], 'Option s requires an argument'],
  [['--ping_limit=x'], 'Value "x" invalid for option ping_limit (number expected)'],
  [['--ping_limit', 'x'], 'Value "x" invalid for option ping_limit (number expected)'],
  [['--ping_limit=1.5'], 'Value "1.5" invalid for option ping_limit (number expected)'],
  [['--ping_limit='], 'Option ping_limit requires an argument'],
  [['--ping_limit', ''], 'Value "" invalid for option ping_limit (number expected)'],
  [['--ping_limit=0x10'], 'Value "0x10" invalid for option ping_limit (number expected)'],
  [['--all=1'], 'Option all does not take an argument'],
  [['--noall'], 'Unknown option: noall (did you mean --all?)'],
  [['---all'], 'Unknown option: -all (did you mean --all?)'],
  [['--=x'], 'Unknown option: --=x'],
  [['--unknown'], 'Unknown option: unknown'],
  [['--unknown=1'], 'Unknown option: unknown'],
  [['--cnf=x'], 'Unknown option: cnf (did you mean --conf?)'],
  [['--skip_shs_check'], 'Unknown option: skip_shs_check (did you mean --skip_ssh_check?)'],
  [['--conf a'], 'Unknown option: conf a (did you mean --conf?)'],
  [['-?'], 'Unknown option: ?'],
];

describe('parseArguments', () => {
  it.each(GETOPT.map(([args, values, operands = []]) => ({ args, values, operands })))(
    'takes $args as Getopt::Long does',
    ({ args, values, operands }) => {
      expect(parseArguments(args, TABLE)).toEqual({ ok: true, values, operands, ignored: [] });
    },
  );

  it.each(REFUSED)('refuses %j', (args, problem) => {
    const parsed = parseArguments(args, TABLE);
    expect(parsed.ok ? parsed : parsed.problems.map(p => format(p))).toEqual([problem]);
  });

  it('names the candidates of an ambiguous beginning, once each', () => {
    const parsed = parseArguments(['--skip=1'], {
      skip_change_master: { type: 'flag', help },
      skip_save_master_binlog: { type: 'flag', help },
    });
    expect(parsed.ok ? parsed : parsed.problems.map(p => format(p))).toEqual([
      'Option skip is ambiguous (skip_change_master, skip_save_master_binlog)',
    ]);
  });

  it('reports every problem at once', () => {
    const parsed = parseArguments(['--x', '--ping_limit=y', '--all=1'], TABLE);
    expect(parsed.ok ? [] : parsed.problems).toHaveLength(3);
  });

  it('names the options that have no effect', () => {
    const parsed = parseArguments(['--ignore_last'], { ignore_last_failover: { type: 'flag', ignored: true, help } });
    expect(parsed).toMatchObject({ ok: true, ignored: ['ignore_last_failover'] });
  });
});

describe('nearest', () => {
  it('suggests what was probably meant, and nothing rather than nonsense', () => {
    expect(nearest('candidat_master', ['candidate_master', 'no_master'])).toBe('candidate_master');
    expect(nearest('zzzzzz', ['candidate_master', 'no_master'])).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { FINDING_CODES } from '../../../src/config/findingCodes';
import { blockers } from '../../../src/config/resolve';
import { format } from '../../../src/l10n/message';
import { briefly, mend, resolveText } from './findings';
import type { Options } from './findings';

const ONE = '[server1]\nhostname=10.0.0.1\n';
/** `[server default]` with these lines from line 2 on, then one server. */
const defaults = (...lines: string[]): string => `[server default]\n${lines.join('\n')}\n${ONE}`;
/** One server with these lines from line 3 on. */
const server = (...lines: string[]): string => `${ONE}${lines.join('\n')}\n`;
const more = (...names: string[]): string => names.map((n, i) => `[${n}]\nhostname=10.0.1.${i + 1}\n`).join('');

type Row = readonly [what: string, text: string, expected: readonly string[], options?: Options];

function table(rows: readonly Row[]): void {
  it.each(rows.map(([what, ...row]) => [what, row] as const))('%s', (_what, [text, expected, options]) => {
    expect(briefly(resolveText(text, options))).toEqual(expected);
  });
}

describe('lines, sections and names', () => {
  table([
    ['a sound file', `${defaults('user=mha', 'password=mha pass#1')}candidate_master=1\n`, []],
    ['a line that is nothing', `${ONE}foo\n`, ['3 syntax-error!']],
    ['all such lines at once', `foo\n${ONE}bar\nuser: x\n`, ['1 syntax-error!', '4 syntax-error!', '5 syntax-error!']],
    ['a comment behind a header', '[server1] # master\nhostname=10.0.0.1\n', ['1 comment-after-header!']],
    ['a header without its bracket', '[server1\nhostname=10.0.0.1\n', ['1 syntax-error!']],
    ['a full-width header', '［server1］\nhostname=10.0.0.1\n', ['1 foreign-character!']],
    ['a full-width equals sign', `${ONE}user＝x\n`, ['3 foreign-character!']],
    ['a full-width blank before a name', `${ONE}\u3000user=x\n`, ['3 foreign-character!']],
    ['a parameter before the first section', `user=x\n${ONE}`, ['1 property-outside-section!']],
    ['an extended one before the first section', `#@ tls=required\n${ONE}`, ['1 no-effect-here']],
    ['a section in capitals', `[Server2]\nhostname=10.0.0.2\n${ONE}`, ['1 invalid-section!']],
    ['a section with a blank', `[server 2]\nhostname=10.0.0.2\n${ONE}`, ['1 invalid-section!']],
    ['a section of another kind', `[manager]\nuser=x\n${ONE}`, ['1 invalid-section!']],
    ['[server] alone', `[server]\nhostname=10.0.0.2\n${ONE}`, ['1 invalid-section!']],
    ['defaults with an underscore', `[server_default]\nuser=x\n${ONE}`, ['1 misspelt-server-default!']],
    ['defaults with two blanks', `[server  default]\nuser=x\n${ONE}`, ['1 misspelt-server-default!']],
    ['defaults with a full-width blank', `[server\u3000default]\nuser=x\n${ONE}`, ['1 misspelt-server-default!']],
    ['defaults in capitals', `[Server Default]\nuser=x\n${ONE}`, ['1 misspelt-server-default!']],
    ['an unknown name', `${ONE}pasword=x\n`, ['3 unknown-parameter!']],
    ['a name in capitals', `${ONE}User=x\n`, ['3 unknown-parameter!']],
    ['an extended name as an ordinary one', `${ONE}protected=1\n`, ['3 unknown-parameter!']],
    ['an unknown extended name', `${ONE}#@ protetced=1\n`, ['3 unknown-extended-parameter?']],
    ["a parameter of MHA's as an extended one", `${ONE}#@ user=x\n`, ['3 unknown-extended-parameter?']],
    ['an extended name without a value', `${ONE}#@ protected\n`, ['3 malformed-extended-parameter?']],
    ['other comments with #@', `${ONE}#@@@ servers @@@\n#@ see: the wiki\n#@ a b = c\n`, []],
    [
      'an extended value of the wrong type',
      `${ONE}#@ tls=maybe\n#@ protected=perhaps\n#@ tls_ca=ca.pem\n`,
      ['3 wrong-type?', '4 wrong-type?', '5 relative-path'],
    ],
    [
      'extended values for a failover of the wrong type',
      `${ONE}#@ detection=fast\n#@ hook_timeout=0\n#@ fence=stonith\n#@ fence_returning_master=perhaps\n#@ failover_on=hung,slow\n#@ apply_timeout=1h\n`,
      ['3 wrong-type?', '4 wrong-type?', '5 wrong-type?', '6 wrong-type?', '7 wrong-type?', '8 wrong-type?'],
    ],
    [
      'extended values for a failover',
      `${ONE}#@ detection=Classic\n#@ hook_timeout="5"\n#@ fence=ssh\n#@ fence_returning_master=1\n#@ failover_on= hung , disk_full,\n#@ apply_timeout=\n`,
      [],
    ],
    ['extended words are ours to read', `${ONE}#@ protected=yes\n#@ tls=REQUIRED\n`, []],
    ['a section twice', `${ONE}[server2]\nhostname=10.0.0.2\n[server1]\nuser=x\n`, ['5 duplicate-section']],
    ['two servers under one name', `${ONE}[server1]\nhostname=10.0.0.2\n`, ['3 duplicate-section?']],
    ['a name twice', server('user=x', 'user=y'), ['3 duplicate-parameter']],
    ['a replaced value is not judged', server('port=x', 'port=3306'), ['3 duplicate-parameter']],
    ['no server', '[server default]\nuser=x\n', ['1 no-server!']],
    ['an empty file', '', ['1 no-server!']],
    ['a server without hostname', '[server1]\nport=3306\n', ['1 no-hostname!']],
    ['a server with an empty hostname', '[server1]\nhostname=\n', ['2 no-hostname!']],
    ['a binary log server without hostname', `${ONE}[binlog1]\nport=3306\n`, ['3 no-hostname']],
    ['the same address twice', `${ONE}[server2]\nhostname=10.0.0.1\n`, ['4 duplicate-server!', '4 same-host']],
    ['the same address by ip', `${ONE}[server2]\nhostname=db2\nip=10.0.0.1\n`, ['4 same-host', '5 duplicate-server!']],
    ['the same name on two ports', `${ONE}[server2]\nhostname=10.0.0.1\nport=3307\n`, ['4 same-host']],
    ['containers with an ssh_port each', `${ONE}[server2]\nhostname=10.0.0.1\nport=3307\nssh_port=23\n`, []],
    ['NUL bytes', `${ONE}\0`, ['1 binary-file?']],
    ['a byte order mark', `\ufeff${ONE}`, ['1 byte-order-mark!']],
  ]);

  it.each(['mypassword hunter2', '密码 hunter2', 'password hunter2=x', 'Password: hunter2=', 'repl-pwd:hunter2=x'])(
    'says nothing about the words of the rejected line "%s" that may hold a password',
    line => {
      const { findings } = resolveText(`${ONE}${line}\n`);
      expect(findings.some(f => f.rejectedByMha)).toBe(true);
      expect(JSON.stringify(findings.map(f => f.message))).not.toContain('hunter2');
    },
  );

  it('does not repeat the password of a command', () => {
    const { findings } = resolveText(defaults(`shutdown_script=/bin/off --password=hunter2 --host "a b"`));
    const found = findings.find(f => f.code === 'misread-quotes');
    expect(found && format(found.message)).toContain('--password=*** --host');
  });

  it('keeps the list of findings bounded and still forbids acting', () => {
    const resolution = resolveText(`${'user=x\n'.repeat(5000)}foo\n`);
    expect(resolution.findings.length).toBeLessThan(2100);
    expect(resolution.findings.map(f => f.code)).toContain('too-many-findings');
    expect(blockers(resolution).length).toBeGreaterThan(0);
  });

  it.each([
    ['Candidate_Master', 'candidate_master'],
    ['candidate-master', 'candidate_master'],
    ['passwd', 'password'],
    ['masterbinlogdir', 'master_binlog_dir'],
    ['ping_intervall', 'ping_interval'],
    ['repl_pasword', 'repl_password'],
  ])('%s is taken for %s', (written, meant) => {
    expect(mend(`${ONE}${written}=/x\n`, `"${meant}"`, 'unknown-parameter')).toBe(`${ONE}${meant}=/x\n`);
  });

  it.each([
    ['[Server1]\n', '[server1]', '[server1]\n'],
    ['[server_default]\n', '[server default]', '[server default]\n'],
    ['[Server Default]\n', '[server default]', '[server default]\n'],
    ['[sever3]\n', '[server3]', '[server3]\n'],
    ['[server 3]\n', '[server3]', '[server3]\n'],
    [`${ONE}[server]\n`, '[server2]', `${ONE}[server2]\n`],
    [`${ONE}［server2］\n`, 'ASCII', `${ONE}[server2]\n`],
    [`${ONE}【server2】\n`, 'ASCII', `${ONE}[server2]\n`],
    ['[server1\n', 'bracket', '[server1]\n'],
    [`${ONE}user: root\n`, '"="', `${ONE}user=root\n`],
    [`${ONE}user root\n`, '"="', `${ONE}user=root\n`],
    [`${ONE}no_master\n`, '"="', `${ONE}no_master=1\n`],
    [`${ONE}user＝root\n`, 'ASCII', `${ONE}user=root\n`],
    [`${ONE}\u3000user=root\n`, 'ASCII', `${ONE}user=root\n`],
    [`${ONE}protected=1\n`, '#@', `${ONE}#@ protected=1\n`],
    [`\ufeff${ONE}`, 'byte order mark', ONE],
    [server('user=x', 'user=y'), 'Remove the line', server('user=y')],
    [`${ONE}[server1]\nhostname=10.0.0.2\n`, '[server2]', `${ONE}[server2]\nhostname=10.0.0.2\n`],
  ])('mends %j', (text, title, mended) => {
    expect(mend(text, title)).toBe(mended);
  });
});

describe('comments and characters in values', () => {
  table([
    ['a comment behind a number', server('port=3306 # x'), ['3 comment-in-value?']],
    ['without a blank', server('port=3306#x'), ['3 comment-in-value?']],
    ['a remark without a sign', server('port=3306 端口'), ['3 comment-in-value?']],
    ['a full-width semicolon', server('port=3306；端口'), ['3 comment-in-value?']],
    ['what MHA rejects', defaults('ping_interval=1  # x'), ['2 comment-in-value!?']],
    ['a host', '[server1]\nhostname=10.0.0.1  # x\n', ['2 comment-in-value!?']],
    ['a host with an ip', '[server1]\nhostname=db1 # x\nip=10.0.0.1\n', ['2 comment-in-value?']],
    ['a path', defaults('manager_log=/x/y //log'), ['2 comment-in-value?']],
    ['a path with # in a name', defaults('manager_log=/x/a#b'), []],
    ['a command', defaults('report_script=/x/y --a # b'), ['2 comment-in-value?']],
    ['a # that the shell does not take for a comment', defaults(`report_script=/x/y "a # b" c#d e`), []],
    ['a command with an address', defaults('report_script=/x/y http://host//path'), []],
    ['behind quotes', defaults('shutdown_script=""   # x'), ['2 comment-in-value?']],
    ['an inline comment as Config::Tiny has it', server('port=3307 ; x'), []],
    ['a semicolon without blanks', server('port=3307;x'), ['3 comment-in-value?']],
    ['a known password', defaults('password=mha pass#1'), []],
    ['a password with a sign', defaults('password=p//a#b;c'), []],
    ['a password with a comment', defaults('password=secret-12 # the password'), ['2 comment-in-value?']],
    ['a password that may have one', defaults('password=secret-12 #1'), ['2 comment-in-value?']],
    ['a password in quotes may hold everything', defaults('password="secret-12 # 1"'), []],
    ['a label', server('node_label=rack #3'), []],
    ['a user', defaults('user=root        #监控用户'), ['2 comment-in-value?']],
    ['in an extended parameter', server('#@ protected=1 # x'), ['3 comment-in-value?']],
    ['full-width digits', server('port=３３０７'), ['3 foreign-character?']],
    ['typographic quotes', defaults('password=“secret-12”'), ['2 foreign-character?']],
    ['a blank of another script at the end', defaults('user=mha\u3000'), ['2 foreign-character?']],
    ['other scripts where they belong', defaults('password=密码secret-12') + 'node_label=上海\n', []],
  ]);

  it('takes the other mistakes of such lines along', () => {
    const text = defaults('manager_workdir=/var/log/app1.log # work directory', 'ping_interval=20 # x');
    expect(briefly(resolveText(text))).toEqual([
      '2 workdir-looks-like-file',
      '2 comment-in-value?',
      '3 ping-interval-too-long',
      '3 comment-in-value!?',
    ]);
  });

  it.each([
    ['password=ab # cd', 'Put the whole value in quotes', 'password="ab # cd"'],
    ['password=ab # cd', 'Move the comment to its own line', '# cd\npassword=ab'],
    ['port=3306#x', 'Move the comment to its own line', '# x\nport=3306'],
    ['  port = 3306  //  x', 'Move the comment to its own line', '  # x\n  port = 3306'],
    ['port=３３０７', 'ASCII', 'port=3307'],
    ['password=“secret-12”', 'ASCII', 'password="secret-12"'],
    ['user=mha\u3000', 'ASCII', 'user=mha'],
  ])('mends %j', (line, title, mended) => {
    expect(mend(server(line), title)).toBe(server(mended));
  });

  it('mends an annotated file as a whole, and nothing else changes', () => {
    const text = [
      '[server default]   # 默认',
      'manager_workdir=/var/log/masterha/app1        #设置manager的工作目录',
      'manager_log=/var/log/masterha/app1/manager.log  // 日志',
      'master_ip_failover_script= /usr/local/bin/master_ip_failover    //切换脚本',
      'password=secret-123     #设置mysql中root用户的密码',
      '# a comment of its own',
      'ping_interval=1         #发送ping包的时间间隔，默认是3秒',
      'shutdown_script=""      #关闭故障主机脚本',
      '',
      '[server1]',
      'hostname=10.0.0.1   ；第一台',
      'candidate_master=1   #设置为候选master',
      '[server2]',
      'hostname=10.0.0.2 ; an inline comment',
      '[server3]  # third',
      'hostname=10.0.0.3',
      'no_master=1 # never',
      '',
    ].join('\r\n');
    const findings = resolveText(text).findings.filter(f => /^comment-/.test(f.code));
    expect(findings.map(f => f.range.start.line + 1)).toEqual([1, 2, 3, 4, 5, 7, 8, 11, 12, 15, 17]);
    const mended = mend(text, 'all comments');
    const after = resolveText(mended);
    expect(briefly(after)).toEqual([]);
    expect(blockers(after)).toEqual([]);
    expect(mended.split('\r\n')).toHaveLength(text.split('\r\n').length + findings.length);
    expect(mended.split('\r\n').slice(0, 6)).toEqual([
      '# 默认',
      '[server default]',
      '# 设置manager的工作目录',
      'manager_workdir=/var/log/masterha/app1',
      '# 日志',
      'manager_log=/var/log/masterha/app1/manager.log',
    ]);
    const [first] = after.cluster?.servers ?? [];
    expect(first?.values).toMatchObject({ ping_interval: 1, hostname: '10.0.0.1', candidate_master: true });
    expect(first?.values.password?.reveal()).toBe('secret-123');
  });

  it('marks a value that is not UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from(`${ONE}# `),
      Buffer.from([0xd6, 0xd0]),
      Buffer.from('\nuser='),
      Buffer.from([0xd6, 0xd0, 10]),
    ]);
    expect(briefly(resolveText(bytes))).toEqual(['1 not-utf8', '4 not-utf8?']);
  });
});

describe('quotes and semicolons', () => {
  table([
    ['a pair', defaults('password="secret-12"', "user='mha'"), []],
    ['a quote at the end', defaults('password=secret-12"'), ['2 misread-quotes?']],
    ['two that do not match', defaults(`password="secret-12'`), ['2 misread-quotes?']],
    ['a quote at the start', defaults('password="secret-12'), ['2 unbalanced-quotes']],
    ['two pairs where MHA strips two layers', defaults(`password="'secret-12'"`), ['2 misread-quotes?']],
    ['two pairs where it strips one', server(`password="'secret-12'"`), []],
    ['a command that ends in a quote', defaults('report_script=/x/y "a b"'), ['2 misread-quotes?']],
    ['a command in quotes', defaults('report_script="/x/y a"'), []],
    ['a command with an open quote', defaults('report_script=/x/y "a b'), ['2 unbalanced-quotes?']],
    ['a command with quotes in it', defaults('report_script="/my dir/y" --a'), []],
    ['quotes of ssh_options', defaults('ssh_options=-o "ProxyCommand=nc %h %p"'), ['2 misread-quotes?']],
    ['harmless quotes of ssh_options', defaults('ssh_options="-i /k" -o "LogLevel=ERROR"'), ['2 misread-quotes?']],
    ['harmless ones', defaults('ssh_options=-i "/k" -o "LogLevel=ERROR"'), []],
    ['a host in quotes', '[server1]\nhostname="10.0.0.1"\n', ['2 quoted-host!']],
    ['a host in quotes with an ip', '[server1]\nhostname="db1"\nip=10.0.0.1\n', []],
    ['a number in quotes', server('port="3307"'), []],
    [
      'a number that MHA judges with its quotes',
      defaults('ping_interval="3"', `ping_type='SELECT'`),
      ['2 wrong-type!?', '3 wrong-type!?'],
    ],
    ['a password that is cut off', defaults('password=secret ; 12'), ['2 cut-at-semicolon']],
    ['in quotes, too', defaults('password="secret ; 12"'), ['2 cut-at-semicolon?']],
    ['an inline comment behind a command', defaults('report_script=/x/y ; comment'), []],
  ]);

  it.each([
    [server('password=ab"'), 'Remove the quotes', server('password=ab')],
    [defaults(`password="'x'"`), 'Remove the quotes', defaults('password=x')],
    [defaults('report_script=/x/y "a b"'), 'without quotes', defaults('report_script=/x/y a\\ b')],
    ['[server1]\nhostname="10.0.0.1"\n', 'Remove the quotes', ONE],
    [defaults('ping_interval="5"'), '"5"', defaults('ping_interval=5')],
    [server('password="ab'), 'Remove the quote', server('password=ab')],
  ])('mends %j', (text, title, mended) => {
    expect(mend(text, title)).toBe(mended);
  });
});

describe('types', () => {
  table([
    ['ports', server('port=0', 'ssh_port=65536'), ['3 wrong-type?', '4 wrong-type?']],
    ['a port that is a word', server('port=abc'), ['3 wrong-type?']],
    [
      'positive integers',
      defaults('ping_interval=0', 'ssh_connection_timeout=1.5'),
      ['2 wrong-type!?', '3 wrong-type!?'],
    ],
    ['empty ones', defaults('ping_interval=', 'ping_type='), ['2 wrong-type!?', '3 wrong-type!?']],
    ['leading zeros', defaults('ping_interval=007'), []],
    ['ping types', defaults('ping_type=select'), []],
    ['a wrong ping type', defaults('ping_type=selct'), ['2 wrong-type!?']],
    ['log levels', defaults('log_level=warn'), []],
    ['a log level in capitals', defaults('log_level=INFO'), ['2 wrong-type?']],
    [
      'off and no',
      defaults('check_repl_filter=off', 'latest_priority=no', 'multi_tier_slave=False'),
      ['2 misread-boolean?', '3 misread-boolean?', '4 misread-boolean?'],
    ],
    ['on and yes', defaults('check_repl_filter=on', 'latest_priority=yes'), ['2 wordy-boolean', '3 wordy-boolean']],
    [
      'numbers that are words',
      server('candidate_master=yes', 'no_master=off'),
      ['3 misread-boolean?', '4 misread-boolean?'],
    ],
    ['0.0 is true to Perl', defaults('check_repl_filter=0.0'), ['2 misread-boolean?']],
    ['integers of the node tools', defaults('disable_log_bin=on', 'handle_raw_binlog=1'), ['2 misread-boolean?']],
    ['neither yes nor no', server('ignore_fail=maybe'), ['3 wrong-type?']],
    ['empty where the default is 1', defaults('check_repl_delay='), ['2 empty-value?']],
    ['empty where the default is 0', defaults('multi_tier_slave='), []],
    ['empty means default in the defaults', defaults('user=', 'port='), ['2 empty-value', '3 empty-value']],
    ['and itself in a server', server('port=', 'user='), ['3 empty-value?', '4 empty-value?']],
    ['empty commands', defaults('shutdown_script=""', 'report_script='), []],
    ['a host with a port', '[server1]\nhostname=10.0.0.1:3306\n', ['2 wrong-type!?']],
    ['hosts', '[server1]\nhostname=db_1.example-a.com\n[server2]\nhostname=fe80::1\n', []],
    ['a host with blanks', '[server1]\nhostname=root@db1\n', ['2 wrong-type!?']],
    ['an empty ssh_host', server('ssh_host='), ['3 wrong-type!?']],
    ['an ip that is a name', server('ip=db1'), ['3 ip-not-an-address']],
    [
      'relative paths',
      defaults('manager_workdir=work', 'manager_log=./m.log', 'report_script=./send', 'master_binlog_dir=/a,b'),
      ['2 relative-path', '3 relative-path', '4 relative-path', '5 relative-path'],
    ],
    ['commands found by PATH', defaults('report_script=send_report -v', 'shutdown_script=~/bin/x'), []],
    ['directories', defaults('master_binlog_dir=/a, /b'), []],
    ['directories with colons', defaults('master_binlog_dir=/a:/b'), ['2 directory-separator']],
    ['client_libdir', defaults('client_libdir=/a:/b'), ['2 client-libdir-ignored']],
  ]);

  it.each([
    [server('no_master=off'), '"0"', server('no_master=0')],
    [server('candidate_master=yes'), '"1"', server('candidate_master=1')],
    [defaults('log_level=INFO'), '"info"', defaults('log_level=info')],
    [defaults('ping_type=selct'), '"SELECT"', defaults('ping_type=SELECT')],
    [defaults('master_binlog_dir=/a:/b; /c'), 'commas', defaults('master_binlog_dir=/a,/b,/c')],
  ])('mends %j', (text, title, mended) => {
    expect(mend(text, title)).toBe(mended);
  });
});

describe('what parameters mean together', () => {
  const rows: readonly Row[] = [
    ['candidates in the defaults', defaults('candidate_master=1'), ['2 local-parameter-in-defaults?']],
    ['no_master=0 there', defaults('no_master=0'), ['2 local-parameter-in-defaults']],
    ['a label there', defaults('node_label=x'), ['2 local-parameter-in-defaults']],
    ['all no_master', server('no_master=1'), ['3 all-no-master']],
    [
      'candidate and no_master',
      `${server('candidate_master=1', 'no_master=1')}${more('server2')}`,
      ['3 candidate-and-no-master'],
    ],
    [
      'the first server counts',
      `${server('manager_log=/a')}${more('server2')}manager_log=/b\nlog_level=debug\n`,
      ['6 first-server-only', '7 first-server-only'],
    ],
    [
      'a candidate alone without delay check',
      `${server('candidate_master=1', 'check_repl_delay=0')}${more('server2')}`,
      ['4 candidate-delay-ignored'],
    ],
    ['all of them', `${server('check_repl_delay=0')}${more('server2')}check_repl_delay=0\n`, []],
    ['in the defaults', `[server default]\ncheck_repl_delay=0\n${server('check_repl_delay=0')}${more('server2')}`, []],
    [
      'ssh_options of two kinds',
      `${server('ssh_options=-i /a')}${more('server2')}ssh_options=-i /b\n`,
      ['3 ssh-options-differ?', '6 ssh-options-differ?'],
    ],
    [
      'another than the default',
      `[server default]\nssh_options=-i /a\n${server('ssh_options=-i /b')}`,
      ['5 ssh-options-differ?'],
    ],
    ['ssh_options of one server', `${server('ssh_options=-i /a')}${more('server2')}`, ['3 ssh-options-for-all']],
    ['the same everywhere', `${server('ssh_options=-i /a')}${more('server2')}ssh_options=-i /a\n`, []],
    ['an own SSH time-out', server('ssh_connection_timeout=9'), ['3 ssh-timeout-shared']],
    ['ssh_ip', server('ssh_ip=10.9.0.1'), ['3 ssh-ip-ignored']],
    ['ssh_ip that changes nothing', server('ssh_ip=10.0.0.1'), []],
    ['hostname against ip', server('ip=10.0.0.9'), ['3 ip-contradicts-hostname']],
    ['a long ping interval', defaults('ping_interval=10'), ['2 ping-interval-too-long']],
    ['an interval of 9', defaults('ping_interval=9'), []],
    ['a work directory like a file', defaults('manager_workdir=/var/log/app1.log'), ['2 workdir-looks-like-file']],
    [
      'a work directory that is the log',
      defaults('manager_workdir=/var/log/x', 'manager_log=/var/log/x'),
      ['2 workdir-looks-like-file'],
    ],
    ['the script in a server', server('init_conf_load_script=x'), ['3 no-effect-here']],
    [
      'binary log servers',
      `${ONE}[binlog1]\nhostname=10.0.0.1\nmaster_binlog_dir=/x\ncandidate_master=1\n`,
      ['6 no-effect-here'],
    ],
    [
      'own hosts as second opinion',
      defaults('secondary_check_script=masterha_secondary_check -s mon1 -s 10.0.0.1'),
      ['2 secondary-check-own-host'],
    ],
    [
      'spelt otherwise',
      defaults('secondary_check_script=/usr/bin/masterha_secondary_check --secondary_host=10.0.0.1'),
      ['2 secondary-check-own-host'],
    ],
    [
      'of a server that never is master',
      `${defaults('secondary_check_script=masterha_secondary_check -s 10.0.0.1')}no_master=1\n${more('server2')}`,
      [],
    ],
    ['no hosts', defaults('secondary_check_script=masterha_secondary_check --port=22'), ['2 secondary-check-no-hosts']],
    ['another script', defaults('secondary_check_script=/x/check'), []],
    [
      'another SSH port',
      defaults('secondary_check_script=masterha_secondary_check -s m', 'ssh_port=23'),
      ['2 secondary-check-ssh-port'],
    ],
    ['with --port', defaults('secondary_check_script=masterha_secondary_check -s m --port=23', 'ssh_port=23'), []],
    [
      'the global file',
      ONE,
      ['global.cnf:2 unknown-parameter!', 'global.cnf:3 comment-in-value!?', 'global.cnf:4 global-section-ignored'],
      { global: '[server default]\nfoo=1\nping_interval=3 # x\n[server1]\nbar=1\n' },
    ],
    ['a global file that MHA rejects', ONE, ['global.cnf:1 syntax-error!'], { global: 'x\n' }],
    ['the script is not run', defaults('init_conf_load_script=load'), ['2 init-script-not-run']],
    ['an empty script', defaults('init_conf_load_script='), []],
    ['its output', defaults('init_conf_load_script=load'), [], { script: 'password=x\nuser=y\n' }],
    [
      'a blank line',
      defaults('init_conf_load_script=load'),
      ['2 init-script-output!'],
      { script: 'password=x\n\nuser=y\n' },
    ],
    ['an unknown name', defaults('init_conf_load_script=load'), ['2 init-script-output!'], { script: 'pasword=x\n' }],
    [
      'a second equals sign',
      defaults('init_conf_load_script=load'),
      ['2 init-script-output?'],
      { script: 'password=a=b\n' },
    ],
    ['blanks', defaults('init_conf_load_script=load'), ['2 init-script-output?'], { script: 'password= a\n' }],
    [
      'a carriage return',
      defaults('init_conf_load_script=load'),
      ['2 init-script-output?'],
      { script: 'password=a\r\n' },
    ],
    ['nothing', defaults('init_conf_load_script=load'), ['2 init-script-failed?'], { script: '' }],
  ];
  table(rows);

  it('informs about every small file', () => {
    const { findings } = resolveText(defaults('password=123456'));
    expect(findings.map(f => [f.code, f.severity])).toEqual([
      ['clear-text-password', 'information'],
      ['weak-password', 'information'],
      ['no-candidate', 'information'],
      ['few-servers', 'information'],
    ]);
  });

  it('never repeats a password', () => {
    const texts = [
      'hunter2',
      '"hunter2',
      'hunter2"',
      `'hunter2"`,
      'hunter2 # hunter2',
      'hunter2 ; hunter2',
      '“hunter2”',
    ].map(p => defaults(`password=${p}`, `repl_password=${p}`));
    for (const text of texts)
      for (const { message, fixes } of resolveText(text, { script: 'password=hunter2=hunter2\nhunter2\n' }).findings) {
        expect(format(message)).not.toContain('hunter2');
        for (const fix of fixes) expect(JSON.stringify(fix).replace(/# hunter2/g, '')).not.toContain('hunter2');
      }
  });

  it('moves a local parameter to the servers', () => {
    const text = `${defaults('candidate_master=1')}${more('server2')}candidate_master=0\n`;
    expect(mend(text, 'Move candidate_master')).toBe(
      '[server default]\n[server1]\ncandidate_master=1\nhostname=10.0.0.1\n[server2]\nhostname=10.0.1.1\ncandidate_master=0\n',
    );
  });

  it('names every code that it uses', () => {
    for (const { title } of Object.values(FINDING_CODES)) expect(format(title).length).toBeGreaterThan(4);
  });
});

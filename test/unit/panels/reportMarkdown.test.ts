import { expect, it } from 'vitest';
import { reportMarkdown } from '../../../src/extension/panels/reportMarkdown';
import { reportView } from '../../../src/extension/panels/reportView';
import { format, msg } from '../../../src/l10n/message';
import * as sample from './sampleReports';

const ENGLISH = { language: 'en-GB', translate: format };

it('puts the whole replication report into Markdown', () => {
  const report = { ...sample.brokenReport(), startedAt: 'yesterday' };
  expect(reportMarkdown(reportView(report, ENGLISH))).toBe(`# app1: Replication check

❌ **Replication is NOT healthy** A failover might not work now. Begin with the first problem below.

1 problem · 1 warning · 8 checks passed · 3 servers · GTID failover · 214 ms · yesterday

\`/etc/mha/app1.cnf\`

## Problems

- ❌ **db2** The applier is stopped by error 1062
  - \`Duplicate entry '7' for key 'PRIMARY'\`

## Warnings

- ⚠️ **db3** 3 transactions that the master does not have

## Servers

| Server | State | Lag | Access | Version | Address |
| --- | --- | --- | --- | --- | --- |
| ✅ **db1** master | running |  | writable | 8.0.36 | 10.0.0.11:3306 |
| &nbsp;&nbsp;❌ **db2** replica of db1 | applier stopped | 6 min | read-only | 8.0.36 | 10.0.0.12:3306 |
| &nbsp;&nbsp;⚠️ **db3** replica of db1 | replicating | 0 s | read-only | 8.0.36 | 10.0.0.13:3306 |

## Good to know

- ℹ️ The password stands in the file in clear text (\`app1.cnf:5\`)

## Verified

### The cluster

- ✅ MHA accepts the configuration (2 ms)
- ✅ master\\_ip\\_failover\\_script answers status (61 ms)

### db1

- ✅ Can log in as mha (14 ms)
- ✅ Writes a binary log

### db2

- ✅ Can log in as mha (14 ms)
- ✅ Writes a binary log

### db3

- ✅ Can log in as mha (14 ms)
- ✅ Writes a binary log
`);
});

it('puts the SSH matrix into a table', () => {
  const text = reportMarkdown(reportView(sample.brokenSshReport(), ENGLISH));
  expect(text).toContain('| From \\\\ to | db1 | db2 | db3 |\n| --- | --- | --- | --- |\n| **manager** | ✅ 84 ms |');
  expect(text).toContain('| **db3** | ❌ no key accepted | ✅ 84 ms | – |');
  expect(text).toContain(
    '- ❌ db3 to db1: no key accepted (84 ms)\n  - `All configured authentication methods failed`',
  );
});

it('lets nothing that others said become markup', () => {
  const items = [
    {
      code: 'x',
      verdict: 'failed' as const,
      server: 'a|b',
      message: msg('{text}', { text: '<img src=x> [click](http://example.com) | *x*\n# y' }),
      detail: 'a `tick` and ``two``\nlines',
    },
  ];
  const text = reportMarkdown(reportView(sample.replicationReport({ verdict: 'failed', items }), ENGLISH));
  expect(text).toContain('**a\\|b** \\<img src=x\\> \\[click\\](http://example.com) \\| \\*x\\* \\# y');
  expect(text).toContain('  - ``` a `tick` and ``two`` lines ```');
});

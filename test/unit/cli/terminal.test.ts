import { describe, expect, it } from 'vitest';
import { language, loadTranslations } from '../../../src/cli/language';
import { printable, Terminal } from '../../../src/cli/terminal';
import { msg } from '../../../src/l10n/message';
import { Written } from './runCommand';

function terminal(isTTY: boolean, env: Record<string, string> = {}, columns = 80) {
  const [stdout, stderr] = [new Written(isTTY), new Written(isTTY, columns)];
  return { stdout, stderr, terminal: new Terminal({ stdout, stderr, env, translations: {} }) };
}

describe('Terminal', () => {
  it('rewrites one line of a terminal and takes it away before it prints', () => {
    const { terminal: t, stderr } = terminal(true);
    t.progress(msg('Unknown option: {option}', { option: 'a' }), 0.1);
    t.progress(msg('Unknown option: {option}', { option: 'b' }), 2);
    t.err('done\n');
    t.endProgress();
    expect(stderr.text).toBe('\r\u001b[K 10% Unknown option: a\r\u001b[K100% Unknown option: b\r\u001b[Kdone\n');
  });

  it('cuts the line to the terminal, wide characters counted twice', () => {
    const { terminal: t, stderr } = terminal(true, {}, 12);
    t.progress(msg('{x}', { x: '检查复制检查复制' }), 0);
    expect(stderr.text).toBe('\r\u001b[K  0% 检查复');
  });

  it('shows no progress and no colour where nobody looks', () => {
    for (const made of [terminal(false), terminal(true, { TERM: 'dumb' })]) {
      made.terminal.progress(msg('Usage:'), 0);
      expect(made.stderr.text).toBe('');
      expect(made.terminal.style('error', 'x')).toBe('x');
    }
    expect(terminal(true, { NO_COLOR: '1' }).terminal.style('error', 'x')).toBe('x');
    expect(terminal(true).terminal.style('error', 'x')).toBe('\u001b[31;1mx\u001b[0m');
  });

  it('goes on silently when its reader is gone', () => {
    const { terminal: t, stdout } = terminal(false);
    t.out('a');
    stdout.fail('EPIPE');
    t.out('b');
    expect(stdout.text).toBe('a');
  });
});

describe('printable', () => {
  it('leaves no control characters of others', () => {
    expect(printable('a\u001b[31mb\r\nc\u009bd')).toBe('a [31mb  c d');
  });
});

describe('language', () => {
  it.each([
    [{}, 'en'],
    [{ LANG: 'C' }, 'en'],
    [{ LANG: 'C.UTF-8' }, 'en'],
    [{ LANG: 'zh_CN.UTF-8' }, 'zh-cn'],
    [{ LANG: 'zh_CN' }, 'zh-cn'],
    [{ LANG: 'zh' }, 'zh-cn'],
    [{ LANG: 'zh_TW.utf8' }, 'zh-cn'],
    [{ LANG: 'zh_CN.UTF-8@pinyin' }, 'zh-cn'],
    [{ LANG: 'zh_CN.GB18030' }, 'en'],
    [{ LC_ALL: 'en_US.UTF-8', LANG: 'zh_CN.UTF-8' }, 'en'],
    [{ LC_ALL: '', LC_MESSAGES: 'zh_CN.UTF-8', LANG: 'C' }, 'zh-cn'],
    [{ LC_ALL: '../../etc/passwd' }, 'en'],
    [{ LANG: 'zh_\u0000\ufffd' }, 'en'],
    [{ LANG: 'x'.repeat(10_000) }, 'en'],
  ])('of %j is %s', (env, expected) => {
    expect(language(env)).toBe(expected);
  });

  it('needs no translations to be there', () => {
    expect(loadTranslations({ LANG: 'zh_CN.UTF-8' }, '/nonexistent')).toEqual({});
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { version } from '../../../package.json';
import packageJson from '../../../package.json';
import { checkReplCommand } from '../../../src/cli/checkRepl';
import { checkSshCommand } from '../../../src/cli/checkSsh';
import { checkStatusCommand } from '../../../src/cli/checkStatus';
import type { Command } from '../../../src/cli/command';
import commands from '../../../src/cli/commands.json';
import { confHostCommand } from '../../../src/cli/confHost';
import { masterManagerCommand } from '../../../src/cli/masterManager';
import { masterMonitorCommand } from '../../../src/cli/masterMonitor';
import { masterSwitchCommand } from '../../../src/cli/masterSwitch';
import { MHA_COMMANDS, mhaCommand } from '../../../src/cli/mha';
import { secondaryCheckCommand } from '../../../src/cli/secondaryCheck';
import { stopCommand } from '../../../src/cli/stop';
import { runCommand } from './runCommand';

const DROP_INS = [
  checkSshCommand,
  checkReplCommand,
  checkStatusCommand,
  confHostCommand,
  secondaryCheckCommand,
  masterManagerCommand,
  masterMonitorCommand,
  masterSwitchCommand,
  stopCommand,
];

/** A command's own part of the page; `mha check` is one for both. */
function chapter(page: string, command: Command): string {
  const title = command.name.replace(/^(mha check) .*/, '$1');
  const from = page.indexOf(`\n## ${title}\n`);
  expect(from, title).toBeGreaterThan(0);
  const to = page.indexOf('\n## ', from + 4);
  return page.slice(from, to === -1 ? undefined : to);
}

describe('the commands', () => {
  it('are the ones that are built and installed', () => {
    expect([...DROP_INS, mhaCommand].map(c => c.name).sort()).toEqual([...commands].sort());
    expect(Object.keys(packageJson.bin).sort()).toEqual([...commands].sort());
    for (const [name, file] of Object.entries(packageJson.bin)) expect(file).toBe(`bin/${name}`);
  });

  it.each(['docs/commands.md', 'docs/zh-cn/commands.md'])(
    'are described in %s with all their options and codes',
    file => {
      const page = readFileSync(file, 'utf8');
      for (const command of [...DROP_INS, ...MHA_COMMANDS]) {
        const text = chapter(page, command);
        for (const [name, spec] of Object.entries(command.options)) {
          if (spec.ignored || name === 'help' || name === 'version') continue;
          for (const each of [name, ...(spec.aliases ?? [])]) expect(text, command.name).toContain(`--${each}`);
        }
        for (const [codes] of command.exitCodes)
          for (const code of codes.split(', ')) expect(text, command.name).toMatch(new RegExp(`\\b${code}\\b`));
      }
    },
  );

  it.each(DROP_INS)('$name takes the options that it shares with masterha_manager', async command => {
    const { stdout } = await runCommand(command, ['--help']);
    for (const name of Object.keys(command.options)) expect(stdout).toContain(`--${name}`);
    const ran = await runCommand(command, ['--version']);
    expect(ran).toEqual({ code: 0, stdout: `${command.name} version 0.58.\n`, stderr: '' });
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

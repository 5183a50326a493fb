import { readdir, readFile } from 'node:fs/promises';
import { errorCode } from '../errors';
import type { ManagerProcess } from './statusFile';

/** A clock that was set meanwhile must not make a manager look like another process. */
const CLOCK_SLACK_MS = 5_000;

/** USER_HZ: what /proc counts in, on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Looks at the process that wrote a status file. Numbers are recycled: a process that started after the file was last
 * written and is no MHA program is not the one. Where there is no /proc, a living process counts as the manager.
 */
export async function inspectManager(pid: number, writtenAtMs: number): Promise<ManagerProcess> {
  const found = await identify(pid, writtenAtMs);
  return { running: found === 'manager', children: found === 'gone' ? await relatives(pid) : [] };
}

async function identify(pid: number, writtenAtMs: number): Promise<'manager' | 'another' | 'gone'> {
  if (!isAlive(pid)) return 'gone';
  try {
    const [stat, uptime, command] = await Promise.all([
      readStat(pid),
      readFile('/proc/uptime', 'latin1'),
      readFile(`/proc/${pid}/cmdline`, 'latin1'),
    ]);
    if (!stat) return 'manager';
    if (stat.state === 'Z') return 'gone';
    const bootedAtMs = Date.now() - Number(uptime.split(' ')[0]) * 1000;
    const startedAtMs = bootedAtMs + (stat.startTicks / TICKS_PER_SECOND) * 1000;
    return startedAtMs > writtenAtMs + CLOCK_SLACK_MS && !/mha|masterha/i.test(command) ? 'another' : 'manager';
  } catch {
    return 'manager';
  }
}

/** Whether there is such a process; one that has ended and was not waited for is none. */
export async function isRunning(pid: number): Promise<boolean> {
  return isAlive(pid) && (await readStat(pid))?.state !== 'Z';
}

/** The process group of a process; undefined where the system does not tell. */
export async function processGroupOf(pid: number): Promise<number | undefined> {
  return (await readStat(pid))?.group;
}

/** A process of another user cannot be signalled (EPERM), but it is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly startTicks: number;
}

/** proc(5): the program's name in parentheses may itself contain blanks and parentheses. */
async function readStat(pid: number | string): Promise<Stat | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      state: fields[0] ?? '',
      parent: Number(fields[1]),
      group: Number(fields[2]),
      startTicks: Number(fields[19]),
    };
  } catch {
    return undefined;
  }
}

/**
 * Orphans lose their parent, but keep the process group, and a manager leads its own: nobody else can have that number
 * while a member lives.
 */
async function relatives(pid: number): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const found: number[] = [];
  for (const entry of entries) {
    if (!/^\d+$/.test(entry) || Number(entry) === pid) continue;
    const stat = await readStat(entry);
    if (stat && stat.state !== 'Z' && (stat.parent === pid || stat.group === pid)) found.push(Number(entry));
  }
  return found.sort((a, b) => a - b);
}

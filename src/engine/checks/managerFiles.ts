import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { msg } from '../../l10n/message';
import { errorCode, errorText } from '../errors';
import { item, type CheckPart } from './checkContext';
import { lowSpace } from './space';
import type { CheckItem } from './types';

/** The path itself, or the nearest directory above it that exists. */
async function nearest(file: string): Promise<string> {
  for (let at = path.resolve(file); ; at = path.dirname(at)) {
    const exists = await fs.stat(at).then(
      () => true,
      error => errorCode(error) !== 'ENOENT',
    );
    if (exists || at === path.dirname(at)) return at;
  }
}

/** MHA creates manager_workdir when it is missing: here it is only looked whether that would work. */
async function workdir(directory: string): Promise<CheckItem[]> {
  const near = await nearest(directory);
  const args = { directory };
  const stat = await fs.stat(near).catch(() => undefined);
  if (stat && !stat.isDirectory())
    return [
      item('manager-workdir-not-writable', 'failed', msg('manager_workdir {directory} is not a directory', args)),
    ];
  try {
    await fs.access(near, constants.W_OK | constants.X_OK);
  } catch (error) {
    return [
      item('manager-workdir-not-writable', 'failed', msg('manager_workdir {directory} cannot be written', args), {
        detail: errorText(error),
      }),
    ];
  }
  const space = await fs.statfs(near).then(
    s => lowSpace((s.bavail * s.bsize) / 1024),
    () => undefined,
  );
  if (space)
    return [
      item(
        'manager-disk-full',
        space.verdict,
        msg('Only {free} MiB are free in manager_workdir {directory}', { ...args, free: space.freeMb }),
      ),
    ];
  return [item('manager-workdir-writable', 'ok', msg('manager_workdir {directory} can be written', args))];
}

async function logFile(file: string): Promise<CheckItem[]> {
  const stat = await fs.stat(file).catch(() => undefined);
  const target = stat ? file : path.dirname(path.resolve(file));
  const usable = await fs.access(target, constants.W_OK).then(
    () => !stat?.isDirectory(),
    () => false,
  );
  return usable
    ? []
    : [
        item('manager-log-not-writable', 'warning', msg('manager_log {file} cannot be written', { file }), {
          detail: target,
        }),
      ];
}

/** Directories and files of the manager on this machine; of the first server in order, as MHA does. */
export const checkManagerFiles: CheckPart = async ({ cluster }) => {
  const values = cluster.servers[0]?.values;
  if (!values) return [];
  const items = await Promise.all([
    workdir(values.manager_workdir),
    values.manager_log ? logFile(values.manager_log) : [],
  ]);
  return items.flat();
};

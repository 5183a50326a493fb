import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * A name for a new file of the work directory: `STEM.binlog`, or `STEM-2.binlog` and so on where an earlier run, or another
 * copy of this one, has left a file of that name.
 */
export function newWorkFile(dir: string, stem: string): string {
  for (let n = 1; ; n++) {
    const file = path.join(dir, `${stem}${n === 1 ? '' : `-${n}`}.binlog`);
    if (!existsSync(file)) return file;
  }
}

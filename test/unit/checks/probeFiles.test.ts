import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeFiles } from '../../../src/engine/checks/probeFiles';
import { localHost } from '../../../src/engine/ssh/localHost';

describe('looking at files on a host', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), "probe 'files' $HOME "));
    writeFileSync(path.join(dir, 'bin.000001'), 'x');
    mkdirSync(path.join(dir, 'relay'));
    mkdirSync(path.join(dir, 'locked'));
    chmodSync(path.join(dir, 'locked'), 0o000);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const ask = async (kind: 'read' | 'list' | 'write', file: string) => {
    const [answer] = await probeFiles(localHost(), [{ kind, path: file }], { timeoutMs: 5000 });
    return answer;
  };

  it('answers every question in order, whatever is in the names', async () => {
    const questions = [
      { kind: 'read', path: path.join(dir, 'bin.000001') },
      { kind: 'read', path: path.join(dir, 'bin.000002') },
      { kind: 'write', path: path.join(dir, 'not/yet/there') },
      { kind: 'list', path: path.join(dir, 'relay') },
      { kind: 'read', path: path.join(dir, 'relay') },
      { kind: 'list', path: path.join(dir, 'bin.000001') },
      { kind: 'write', path: path.join(dir, 'bin.000001') },
    ] as const;
    const answers = await probeFiles(localHost(), questions, { timeoutMs: 5000 });
    expect(answers.map(a => a.result)).toEqual(['ok', 'missing', 'ok', 'ok', 'other', 'other', 'other']);
    expect(answers[2]?.freeKb).toBeGreaterThan(0);
    expect(answers[0]?.freeKb).toBeUndefined();
  });
  it('knows what may not be read', async () => {
    // root may read everything
    expect((await ask('list', path.join(dir, 'locked')))?.result).toBe(process.getuid?.() === 0 ? 'ok' : 'denied');
  });
  it('copes with paths that are no paths', async () => {
    expect((await ask('write', 'nowhere'))?.result).toBe('ok');
    expect((await ask('write', '/'))?.result).toBe('ok');
    expect((await ask('read', ''))?.result).toBe('missing');
    expect((await ask('list', '-x'))?.result).toBe('missing');
  });
  it('asks nothing when there is nothing to ask', async () => {
    expect(await probeFiles(localHost(), [], { timeoutMs: 1 })).toEqual([]);
  });
});

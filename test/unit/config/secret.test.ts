import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret';

describe('a secret', () => {
  it('prints as stars, whatever prints it', () => {
    const secret = new Secret('geheim');
    expect([String(secret), JSON.stringify({ secret }), `${secret.toString()}`].join()).not.toContain('geheim');
    expect(secret.reveal()).toBe('geheim');
  });

  it('is known in another bundle, which has the class of its own', async () => {
    const { outputFiles } = await build({ entryPoints: ['src/config/secret.ts'], format: 'esm', write: false });
    const url = `data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`;
    const other = (await import(/* @vite-ignore */ url)) as { Secret: typeof Secret };
    expect(other.Secret).not.toBe(Secret);
    expect(new other.Secret('x') instanceof Secret).toBe(true);
    expect(new Secret('x') instanceof other.Secret).toBe(true);
    for (const value of [undefined, null, 'x', {}, []]) expect(value instanceof Secret).toBe(false);
  });
});

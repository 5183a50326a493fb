import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSpoken } from '../../../src/engine/ssh/algorithms';
import { hostKeyOrder } from '../../../src/engine/ssh/algorithms';
import {
  fingerprint,
  hostNameOf,
  KnownKeys,
  knownHostsLine,
  parseKnownHosts,
} from '../../../src/engine/ssh/knownHosts';
import { appendKnownHost } from '../../../src/engine/ssh/knownHostsFile';

/** A key of the given type with made-up contents: the format is all that known_hosts looks at. */
function keyOf(type: string, content: string): Buffer {
  const part = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  return Buffer.concat([part(type), part(content)]);
}

const A = keyOf('ssh-ed25519', 'a'.repeat(32));
const B = keyOf('ssh-ed25519', 'b'.repeat(32));
const RSA = keyOf('ssh-rsa', 'r'.repeat(64));
const text = (key: Buffer) => `${key.toString('latin1', 4, 4 + key.readUInt32BE(0))} ${key.toString('base64')}`;

function verdict(file: string, host: string, port: number, key: Buffer) {
  const known = new KnownKeys(parseKnownHosts(file, 'kh'), hostNameOf(host, port));
  const found = known.verdict(key, isSpoken);
  return 'entry' in found ? `${found.kind}:${found.entry.line}` : found.kind;
}

describe('known_hosts', () => {
  it.each([
    ['plain', `db1 ${text(A)}`, 'db1', 22, A, 'known'],
    ['case', `DB1 ${text(A)}`, 'db1', 22, A, 'known'],
    ['list', `x,db1,10.0.0.1 ${text(A)}`, '10.0.0.1', 22, A, 'known'],
    ['other port', `[db1]:2222 ${text(A)}`, 'db1', 2222, A, 'known'],
    ['port given, host on 22', `[db1]:2222 ${text(A)}`, 'db1', 22, A, 'unknown'],
    ['the same key without the port', `db1 ${text(A)}`, 'db1', 2222, A, 'known'],
    ['another key without the port', `db1 ${text(A)}`, 'db1', 2222, B, 'unknown'],
    ['wildcard', `*.example.com ${text(A)}`, 'db1.example.com', 22, A, 'known'],
    ['wildcard with port', `[*.example.com]:22? ${text(A)}`, 'db1.example.com', 221, A, 'known'],
    ['exception', `*.example.com,!db1.example.com ${text(A)}`, 'db1.example.com', 22, A, 'unknown'],
    ['changed', `# c\n\ndb1 ${text(A)}`, 'db1', 22, B, 'changed:3'],
    ['second key of a host', `db1 ${text(A)}\ndb1 ${text(B)}`, 'db1', 22, B, 'known'],
    ['another type than the known one', `db1 ${text(A)}`, 'db1', 22, RSA, 'changed:1'],
    ['types side by side', `db1 ${text(A)}\ndb1 ${text(RSA)}`, 'db1', 22, RSA, 'known'],
    ['the entry of the same type is named', `db1 ${text(RSA)}\ndb1 ${text(A)}`, 'db1', 22, B, 'changed:2'],
    ['a type that cannot be compared', `db1 ${text(keyOf('ssh-dss', 'd'))}`, 'db1', 22, A, 'unknown'],
    ['revoked', `@revoked * ${text(A)}\ndb1 ${text(A)}`, 'db1', 22, A, 'revoked:1'],
    ['revoked elsewhere', `@revoked db2 ${text(A)}\ndb1 ${text(A)}`, 'db1', 22, A, 'known'],
    ['certificate authority', `@cert-authority db1 ${text(A)}`, 'db1', 22, B, 'unknown'],
    ['garbage', `db1\ndb1 ssh-ed25519\ndb1 ssh-ed25519 %%%\n@what db1 ${text(A)}\nx`, 'db1', 22, A, 'unknown'],
    ['CRLF', `db1 ${text(A)}\r\n`, 'db1', 22, A, 'known'],
    ['IPv6', `[fe80::1]:2222 ${text(A)}`, 'fe80::1', 2222, A, 'known'],
    ['empty', '', 'db1', 22, A, 'unknown'],
  ])('%s', (_name, file, host, port, key, expected) => {
    expect(verdict(file, host, port, key)).toBe(expected);
  });

  it('negotiates the types of the known keys first', () => {
    const known = new KnownKeys(parseKnownHosts(`db1 ${text(RSA)}`, 'kh'), hostNameOf('db1', 22));
    expect(hostKeyOrder(known.types, undefined)).toMatchObject({ 0: 'rsa-sha2-512', 1: 'rsa-sha2-256' });
    expect(hostKeyOrder([], undefined)).toMatchObject({ 0: 'ssh-ed25519' });
  });

  describe('with ssh-keygen', () => {
    let dir: string;
    beforeAll(() => {
      dir = mkdtempSync(path.join(os.tmpdir(), 'known-hosts-'));
    });
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    const keygen = (...args: string[]) => spawnSync('ssh-keygen', args, { encoding: 'utf8' });

    it('reads what it hashed, writes what it finds, prints its fingerprints', () => {
      const file = path.join(dir, 'known_hosts');
      keygen('-q', '-t', 'ed25519', '-N', '', '-f', path.join(dir, 'key'));
      const [type, base64] = readFileSync(path.join(dir, 'key.pub'), 'utf8').split(' ');
      const key = Buffer.from(base64 ?? '', 'base64');
      writeFileSync(file, `db1,[db1]:2222 ${type} ${base64}\n`);
      keygen('-H', '-f', file);
      const hashed = readFileSync(file, 'utf8');
      expect(hashed).toContain('|1|');
      expect(verdict(hashed, 'db1', 22, key)).toBe('known');
      expect(verdict(hashed, 'db1', 2222, key)).toBe('known');
      expect(verdict(hashed, 'db1', 2222, A)).toBe('changed:2');
      expect(verdict(hashed, 'db2', 22, key)).toBe('unknown');
      for (const isHashed of [true, false]) {
        writeFileSync(file, knownHostsLine('[db9]:33', key, isHashed));
        expect(keygen('-F', '[db9]:33', '-f', file).status).toBe(0);
        expect(keygen('-F', 'db9', '-f', file).status).toBe(1);
      }
      expect(keygen('-lf', path.join(dir, 'key.pub')).stdout).toContain(` ${fingerprint(key)} `);
    });

    it('appends a key once, whatever comes at the same time, and keeps a last line that lacks its end', async () => {
      const file = path.join(dir, 'new', 'known_hosts');
      const add = (name: string, key: Buffer) =>
        appendKnownHost(
          file,
          knownHostsLine(name, key, false),
          entries => new KnownKeys(entries, { name }).verdict(key, isSpoken).kind !== 'unknown',
        );
      await Promise.all(Array.from({ length: 20 }, (_, i) => add(`db${i % 4}`, A)));
      expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
      writeFileSync(file, `db0 ${text(A)}`);
      await add('db9', B);
      expect(readFileSync(file, 'utf8')).toBe(`db0 ${text(A)}\ndb9 ${text(B)}\n`);
    });

    it('makes up no home that does not exist', async () => {
      const home = path.join(dir, 'nobody');
      const append = appendKnownHost(path.join(home, '.ssh', 'known_hosts'), 'x', () => false);
      await expect(append).rejects.toMatchObject({ code: 'ENOENT' });
      expect(existsSync(home)).toBe(false);
    });
  });
});

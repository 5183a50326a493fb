import { Secret } from '../config/secret';
import type { EngineOptions } from '../engine/options';
import { msg, type Message } from '../l10n/message';
import type { OptionTable } from './options';

/** For programs that start us: no password in an argument list, an environment or a file. */
export const PASSWORD_OPTIONS = {
  'passwords-from-stdin': {
    type: 'flag',
    help: msg(
      'read the managing account\'s passwords from standard input: one JSON object, server names to passwords, "" for the others',
    ),
  },
} as const satisfies OptionTable;

/** More than this is no object of passwords. */
const LARGEST = 1 << 20;

type Passwords = NonNullable<EngineOptions['password']>;

/** Reads standard input to its end. Rejects when cancelled. A problem says nothing of what was read. */
export async function passwordsFromStdin(
  input: AsyncIterable<Buffer | string>,
): Promise<{ readonly password: Passwords } | { readonly problem: Message }> {
  let text = '';
  for await (const part of input) {
    text += String(part);
    if (text.length > LARGEST) break;
  }
  const found = parsed(text);
  if (!found) return { problem: msg('Standard input holds no JSON object of passwords') };
  return { password: server => Promise.resolve(found.get(server.id) ?? found.get('')) };
}

function parsed(text: string): ReadonlyMap<string, Secret> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) return undefined;
  return new Map(entries.map(([id, password]) => [id, new Secret(password)]));
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Translations } from '../l10n/message';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The language for messages, as locale(7) finds it: LC_ALL, LC_MESSAGES, LANG, the first that is not empty. Chinese in another
 * encoding than UTF-8 could not be shown, so it is English, like everything that is not understood.
 */
export function language(env: Environment): 'en' | 'zh-cn' {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  const match = /^zh(?:[_-][a-z]+)?(?:\.([\w-]+))?(?:@.*)?$/i.exec(locale);
  if (!match) return 'en';
  return match[1] === undefined || /^utf-?8$/i.test(match[1]) ? 'zh-cn' : 'en';
}

/** The translations beside the bundle; none if they are not there. */
export function loadTranslations(env: Environment, directory: string): Translations {
  const wanted = language(env);
  if (wanted === 'en') return {};
  try {
    return JSON.parse(readFileSync(path.join(directory, `l10n/bundle.l10n.${wanted}.json`), 'utf8')) as Translations;
  } catch {
    return {};
  }
}

import { distance } from 'fastest-levenshtein';
import { msg } from '../../l10n/message';
import { isExtendedParameter, isParameter } from '../model';
import { EXTENDED_PARAMETERS, PARAMETERS } from '../parameters';
import type { Fix, Range } from '../types';
import { hasForeign, withoutForeign } from './characters';
import type { Add } from './draft';
import { shown, shownName } from './draft';
import type { PlacedProperty } from './place';

const NAMES: readonly string[] = Object.keys(PARAMETERS);
const EXTENDED_NAMES: readonly string[] = Object.keys(EXTENDED_PARAMETERS);

/** What people write for a parameter, from MySQL's, keepalived's and other tools' vocabulary. */
const SYNONYMS: Readonly<Record<string, string>> = {
  host: 'hostname',
  address: 'ip',
  mysql_user: 'user',
  username: 'user',
  mysql_password: 'password',
  passwd: 'password',
  replication_user: 'repl_user',
  replication_password: 'repl_password',
  mysql_port: 'port',
  binlog_dir: 'master_binlog_dir',
  log_bin_dir: 'master_binlog_dir',
  workdir: 'manager_workdir',
  log: 'manager_log',
  candidate: 'candidate_master',
  master_ip_online_failover_script: 'master_ip_online_change_script',
};

/** The known name that is plainly meant, or undefined: same letters in another case, else a small edit distance. */
export function nearestName(name: string, known: readonly string[] = NAMES): string | undefined {
  if (name.length > 64) return undefined;
  const lower = withoutForeign(name)
    .trim()
    .toLowerCase()
    .replace(/[-\s]+/g, '_');
  if (known.includes(lower)) return lower;
  const synonym = SYNONYMS[lower];
  if (synonym !== undefined && known.includes(synonym)) return synonym;
  let best: string | undefined;
  let least = Math.min(4, Math.floor(lower.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - lower.length) >= least) continue;
    const d = distance(lower, candidate);
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

function rename(range: Range, name: string): Fix {
  return { title: msg('Change to "{name}"', { name }), edits: [{ range, newText: name }] };
}

/** True if the name is known. */
export function checkName({ document, property, section }: PlacedProperty, add: Add): boolean {
  const { name, nameRange, extended } = property;
  const file = document.file;
  if (extended) {
    if (isExtendedParameter(name)) return true;
    const nearest = nearestName(name, EXTENDED_NAMES);
    add({
      code: 'unknown-extended-parameter',
      file,
      range: nameRange,
      message: isParameter(name)
        ? msg('"{name}" is a parameter of MHA: behind "#@" it has no effect.', { name })
        : nearest
          ? msg('Unknown extended parameter "{name}". Did you mean "{nearest}"?', { name, nearest })
          : msg('Unknown extended parameter "{name}".', { name }),
      fixes: nearest ? [rename(nameRange, nearest)] : [],
    });
    return false;
  }
  if (isParameter(name)) return true;
  const nearest = nearestName(name);
  if (hasForeign(name) && nearest) {
    add({
      code: 'foreign-character',
      file,
      range: nameRange,
      message: msg('Full-width or invisible characters: MHA does not know this name and rejects the whole file.'),
      fixes: [{ title: msg('Write ASCII characters'), edits: [{ range: nameRange, newText: nearest }], forAll: true }],
      rejectedByMha: true,
      blocksAction: false,
    });
    return false;
  }
  if (isExtendedParameter(name)) {
    const at = { start: nameRange.start, end: nameRange.start };
    add({
      code: 'unknown-parameter',
      file,
      range: nameRange,
      message: msg('"{name}" is an extended parameter: MHA rejects it unless it is written as "#@ {name}=…".', {
        name,
      }),
      fixes: [{ title: msg('Write "#@ {name}=…"', { name }), edits: [{ range: at, newText: '#@ ' }] }],
    });
    return false;
  }
  add({
    code: 'unknown-parameter',
    file,
    range: nameRange,
    message: nearest
      ? msg('MHA does not know the parameter "{name}" in [{section}]. Did you mean "{nearest}"?', {
          name: shownName(name),
          section: shown(section.name),
          nearest,
        })
      : msg('MHA does not know the parameter "{name}" in [{section}] and rejects the whole file.', {
          name: shownName(name),
          section: shown(section.name),
        }),
    fixes: nearest ? [rename(nameRange, nearest)] : [],
  });
  return false;
}

import { msg } from '../l10n/message';
import type { Message } from '../l10n/message';
import type { Severity } from './types';

export interface FindingKind {
  readonly severity: Severity;
  /** What one reads in a list of rules; details are in docs/config-findings.md under the code. */
  readonly title: Message;
  readonly rejectedByMha: boolean;
  readonly blocksAction: boolean;
}

const kind =
  (severity: Severity, rejectedByMha: boolean, blocksAction: boolean) =>
  (title: Message): FindingKind => ({ severity, title, rejectedByMha, blocksAction });

/** MHA refuses the file. */
const rejected = kind('error', true, false);
/** MHA reads the file, otherwise than it is meant: nothing acts on it. */
const misread = kind('error', false, true);
const error = kind('error', false, false);
const warning = kind('warning', false, false);
const information = kind('information', false, false);

/**
 * Every finding about configuration files, with its usual severity; a finding may be harder or softer where its rule
 * knows more.
 */
export const FINDING_CODES = {
  // The file
  'file-missing': rejected(msg('The file does not exist')),
  'file-unreadable': rejected(msg('The file cannot be read')),
  'file-too-large': misread(msg('The file is too large for a configuration')),
  'binary-file': misread(msg('The file is not text')),
  'global-file-missing': warning(msg('The global file does not exist')),
  'byte-order-mark': rejected(msg('Byte order mark')),
  'not-utf8': information(msg('The file is not UTF-8')),
  'world-readable-passwords': warning(msg('Everybody can read the passwords')),
  'clear-text-password': information(msg('Password in clear text')),
  'weak-password': information(msg('Weak password')),

  'too-many-findings': information(msg('More findings than are listed')),

  // Lines, sections, names
  'syntax-error': rejected(msg('Syntax error')),
  'comment-after-header': rejected(msg('Comment behind a section header')),
  'property-outside-section': rejected(msg('Parameter before the first section')),
  'invalid-section': rejected(msg('Invalid section name')),
  'misspelt-server-default': rejected(msg('Misspelt [server default]')),
  'duplicate-section': warning(msg('Section written twice')),
  'global-section-ignored': warning(msg('Section without effect in the global file')),
  'unknown-parameter': rejected(msg('Unknown parameter')),
  'duplicate-parameter': warning(msg('Parameter written twice')),
  'unknown-extended-parameter': misread(msg('Unknown extended parameter')),
  'malformed-extended-parameter': misread(msg('Malformed extended parameter')),
  'foreign-character': misread(msg('Full-width or invisible character')),

  // Values
  'comment-in-value': misread(msg('Comment inside a value')),
  'cut-at-semicolon': warning(msg('Value cut off at a semicolon')),
  'misread-quotes': misread(msg('Quotes are read otherwise than written')),
  'unbalanced-quotes': warning(msg('Quote without its partner')),
  'quoted-host': rejected(msg('Host name in quotes')),
  'wrong-type': misread(msg('Impossible value')),
  'misread-boolean': misread(msg('Yes or no read otherwise than written')),
  'wordy-boolean': warning(msg('Yes or no not written as 1 or 0')),
  'empty-value': information(msg('Empty value')),
  'relative-path': warning(msg('Relative path')),
  'directory-separator': warning(msg('Directories not separated by commas')),
  'client-libdir-ignored': warning(msg('client_libdir is ignored')),
  'workdir-looks-like-file': warning(msg('Work directory that looks like a file')),
  'ping-interval-too-long': warning(msg('Long ping interval')),
  'ip-not-an-address': warning(msg('ip is not an IP address')),

  // What the parameters mean together
  'no-server': rejected(msg('No server')),
  'no-hostname': rejected(msg('Server without host name')),
  'duplicate-server': rejected(msg('Two servers with one address')),
  'local-parameter-in-defaults': warning(msg('Parameter without effect in [server default]')),
  'no-effect-here': information(msg('Parameter without effect in this section')),
  'first-server-only': warning(msg('Only the first server counts')),
  'no-candidate': information(msg('No preferred new master')),
  'all-no-master': error(msg('No server may become master')),
  'candidate-and-no-master': warning(msg('Candidate that may not become master')),
  'few-servers': information(msg('Fewer than three servers')),
  'secondary-check-own-host': warning(msg('Second opinion from a server of the cluster itself')),
  'secondary-check-no-hosts': warning(msg('Second opinion without hosts')),
  'secondary-check-ssh-port': information(msg('The second opinion does not use ssh_port')),
  'ssh-options-differ': misread(msg('ssh_options differ between servers')),
  'ssh-options-for-all': information(msg('ssh_options count for all servers')),
  'ssh-ip-ignored': warning(msg('MHA ignores ssh_ip')),
  'ssh-timeout-shared': information(msg('MHA uses the first ssh_connection_timeout')),
  'same-host': information(msg('Several servers on one SSH host')),
  'ip-contradicts-hostname': warning(msg('hostname and ip are different addresses')),
  'candidate-delay-ignored': warning(msg('check_repl_delay of a candidate only')),
  'application-name': warning(msg('The file gives the application no name')),
  'shared-state-files': warning(msg('Two applications share their state files')),

  // Programs
  'init-script-not-run': information(msg('init_conf_load_script was not run')),
  'init-script-failed': misread(msg('init_conf_load_script failed')),
  'init-script-output': misread(msg('Output of init_conf_load_script')),
  'script-missing': warning(msg('The program does not exist')),
  'script-not-executable': warning(msg('The program may not be executed')),
  'script-unedited': warning(msg('Sample script that was never edited')),
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof FINDING_CODES;

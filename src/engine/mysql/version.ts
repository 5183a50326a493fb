import type { Flavour, ServerVersion } from './types';

/**
 * Reads any version text a server may report: `8.0.35-0ubuntu0.22.04.1`, `9.7.4-2`, `5.5.5-10.11.6-MariaDB` (the prefix
 * MariaDB put before its own version for old replicas), `10.3.22-MariaDB-1:10.3.22+maria~focal-log`. Only the first
 * numbers count; missing ones are 0. `comment` is @@version_comment: some MariaDB packages name themselves only there.
 */
export function parseVersion(text: string, comment = ''): ServerVersion {
  const mariadb = /mariadb/i.test(text) || /mariadb/i.test(comment);
  const own = mariadb ? text.replace(/^5\.5\.5-(?=\d+\.)/, '') : text;
  const [, major = '0', minor = '0', patch = '0'] = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(own) ?? [];
  return {
    flavour: mariadb ? 'mariadb' : 'mysql',
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    text,
  };
}

/** Below, at or above zero, by major, minor and patch. Of one flavour only: MariaDB 10 is not newer than MySQL 8. */
export function compareVersion(
  a: Pick<ServerVersion, 'major' | 'minor' | 'patch'>,
  b: Pick<ServerVersion, 'major' | 'minor' | 'patch'>,
): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** Whether the server is of that flavour and at least of version `since` (`8.0.22`). */
export function isAtLeast(version: ServerVersion, flavour: Flavour, since: string): boolean {
  return version.flavour === flavour && compareVersion(version, parseVersion(since)) >= 0;
}

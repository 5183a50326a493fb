import { describe, expect, it } from 'vitest';
import { compareVersion, isAtLeast, parseVersion } from '../../../src/engine/mysql/version';

describe('server version', () => {
  it.each<[string, string, number, number, number]>([
    ['5.6.24-log', 'mysql', 5, 6, 24],
    ['5.7.44-48-log', 'mysql', 5, 7, 44],
    ['8.0.35-0ubuntu0.22.04.1', 'mysql', 8, 0, 35],
    ['8.0.36-28', 'mysql', 8, 0, 36],
    ['8.0.mysql_aurora.3.05.2', 'mysql', 8, 0, 0],
    ['5.7.mysql_aurora.2.11.3', 'mysql', 5, 7, 0],
    ['9.7.4-2', 'mysql', 9, 7, 4],
    ['8.4', 'mysql', 8, 4, 0],
    ['10.3.22-MariaDB-1:10.3.22+maria~focal-log', 'mariadb', 10, 3, 22],
    ['5.5.5-10.11.6-MariaDB', 'mariadb', 10, 11, 6],
    ['5.5.68-MariaDB', 'mariadb', 5, 5, 68],
    ['11.8.6-MariaDB-ubu2404', 'mariadb', 11, 8, 6],
    ['', 'mysql', 0, 0, 0],
    ['custom build', 'mysql', 0, 0, 0],
  ])('%j', (text, flavour, major, minor, patch) => {
    expect(parseVersion(text)).toEqual({ flavour, major, minor, patch, text });
  });

  it('finds MariaDB in the comment', () => {
    expect(parseVersion('10.6.12-log', 'MariaDB Server').flavour).toBe('mariadb');
    expect(parseVersion('8.0.36', 'MySQL Community Server - GPL').flavour).toBe('mysql');
  });

  it('compares by numbers', () => {
    expect(compareVersion(parseVersion('8.0.9'), parseVersion('8.0.22'))).toBeLessThan(0);
    expect(compareVersion(parseVersion('10.11.6-MariaDB'), parseVersion('10.3.22-MariaDB'))).toBeGreaterThan(0);
    expect(compareVersion(parseVersion('8.0.22-1'), parseVersion('8.0.22-2'))).toBe(0);
    expect(isAtLeast(parseVersion('10.11.6-MariaDB'), 'mysql', '8.0.22')).toBe(false);
    expect(isAtLeast(parseVersion('8.4.0'), 'mysql', '8.0.22')).toBe(true);
  });
});

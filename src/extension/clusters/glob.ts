/** VS Code's globs as a regular expression: `*`, `?`, `**`, `[a-z]`, `[!a]`, and `{a,b}` without further braces inside. */
function source(glob: string): string {
  return glob.replace(
    /\*\*\/|\*\*|\*|\?|\[(!?)([^\]/]+)\]|\{([^}]*)\}|[.+^$()|\\{}[\]]/g,
    (token, not: string | undefined, set: string | undefined, list: string | undefined) => {
      if (token === '**/') return '(?:.*/)?';
      if (token === '**') return '.*';
      if (token === '*') return '[^/]*';
      if (token === '?') return '[^/]';
      if (set !== undefined) return not ? `[^/${set.replace(/[\\^]/g, '\\$&')}]` : `[${set.replace(/[\\^]/g, '\\$&')}]`;
      if (list !== undefined) return `(?:${list.split(',').map(source).join('|')})`;
      return `\\${token}`;
    },
  );
}

/**
 * Whether a file's path fits one of the patterns by which VS Code chooses a language: a pattern with a slash is for the
 * whole path, else for the base name; case does not count.
 */
export function pathMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map(glob => ({ whole: glob.includes('/'), regExp: new RegExp(`^${source(glob)}$`, 'i') }));
  return path => {
    const base = path.slice(path.lastIndexOf('/') + 1);
    return patterns.some(p => p.regExp.test(p.whole ? path : base));
  };
}

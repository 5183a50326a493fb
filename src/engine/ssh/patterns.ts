/**
 * OpenSSH's pattern lists (ssh_config(5), PATTERNS): `*`, `?`, and `!` for exceptions. A text that matches an exception is out,
 * whatever else matches. Callers fold the case.
 */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), text)) return false;
    } else found ||= matchesPattern(pattern, text);
  }
  return found;
}

/** Linear in practice: backtracks to the last `*` only. */
export function matchesPattern(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    const c = pattern[p];
    if (c === '*') [star, mark, p] = [p, t, p + 1];
    else if (c !== undefined && (c === '?' || c === text[t])) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, mark, t] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

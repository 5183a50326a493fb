import type { Cell } from './levels';

/** What `init_conf_load_script` printed. */
export interface ScriptOutput {
  readonly command: string;
  readonly stdout: string;
}

/** A line of the output that MHA rejects or reads otherwise than it is plainly meant. Never the value: it may be a password. */
export interface ScriptProblem {
  /** One-based line of the output. */
  readonly line: number;
  readonly kind: 'blank' | 'name' | 'equals' | 'spaces' | 'noValue';
  /** What stands before the first `=`, at most 64 characters. */
  readonly name: string;
}

/**
 * Reads `name=value` lines. The value is everything after the first `=`; MHA drops what follows a second one, keeps
 * blanks, and dies of an empty line or an unknown name: those lines are reported.
 */
export function readScriptOutput(
  script: ScriptOutput,
  isKnown: (name: string) => boolean,
): { values: ReadonlyMap<string, Cell>; problems: readonly ScriptProblem[] } {
  const values = new Map<string, Cell>();
  const problems: ScriptProblem[] = [];
  const lines = script.stdout.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const [index, line] of lines.entries()) {
    const report = (kind: ScriptProblem['kind'], name: string): void => {
      problems.push({ line: index + 1, kind, name: name.slice(0, 64) });
    };
    const equals = line.indexOf('=');
    const name = equals === -1 ? line : line.slice(0, equals);
    if (line.trim() === '') report('blank', '');
    else if (!isKnown(name)) report('name', equals === -1 ? '' : name);
    else if (equals === -1) report('noValue', name);
    else {
      const value = line.slice(equals + 1);
      if (value.includes('=')) report('equals', name);
      else if (value !== value.trim()) report('spaces', name);
      values.set(name, { value: value.trim(), origin: { level: 'script', command: script.command } });
    }
  }
  return { values, problems };
}

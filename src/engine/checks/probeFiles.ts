import type { Host, RunOptions } from '../ssh/types';

/** What is asked about a path on a host. */
export interface FileQuestion {
  /** `read`: a readable file. `list`: a directory that can be listed. `write`: a directory that exists or could be made, and written to. */
  readonly kind: 'read' | 'list' | 'write';
  readonly path: string;
}

export interface FileAnswer {
  readonly result: 'ok' | 'missing' | 'denied' | 'other';
  /** KiB free where the path is or would be. */
  readonly freeKb?: number;
}

/** Looks only: tests, and the free space of the file system. Arguments: kind, path, kind, path … Any POSIX shell. */
const SCRIPT = `
while [ $# -gt 1 ]; do
  kind=$1 path=$2; shift 2
  near=$path
  while [ ! -e "$near" ] && [ "$near" != / ] && [ "$near" != . ]; do near=$(dirname -- "$near"); done
  result=ok
  case $kind in
    read) if [ ! -e "$path" ]; then result=missing; elif [ ! -f "$path" ]; then result=other; elif [ ! -r "$path" ]; then result=denied; fi ;;
    list) if [ ! -e "$path" ]; then result=missing; elif [ ! -d "$path" ]; then result=other; elif [ ! -r "$path" ] || [ ! -x "$path" ]; then result=denied; fi ;;
    write) if [ ! -d "$near" ]; then result=other; elif [ ! -w "$near" ] || [ ! -x "$near" ]; then result=denied; fi ;;
  esac
  free=$(df -Pk -- "$near" 2>/dev/null | awk 'END { print $(NF - 2) }' 2>/dev/null)
  printf '%s %s\\n' "$result" "$free"
done
`;

/** Answers in the order of the questions; one program run for all of them. Rejects as `Host.run` does. */
export async function probeFiles(
  host: Host,
  questions: readonly FileQuestion[],
  options: RunOptions,
): Promise<readonly FileAnswer[]> {
  if (questions.length === 0) return [];
  const { stdout } = await host.run(['sh', '-c', SCRIPT, 'sh', ...questions.flatMap(q => [q.kind, q.path])], options);
  const lines = stdout.split('\n');
  return questions.map((_question, index) => {
    const [result, free] = (lines[index] ?? '').split(' ');
    const known = result === 'ok' || result === 'missing' || result === 'denied' ? result : 'other';
    return { result: known, ...(free && /^\d+$/.test(free) && { freeKb: Number(free) }) };
  });
}

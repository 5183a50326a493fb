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

/**
 * Looks only. Arguments: kind, path, kind, path … For each a line `= result`; for directories to write to, df's answer about
 * the nearest directory that exists follows. Any POSIX shell; no program but df, because each costs time.
 */
const SCRIPT = `
while [ $# -gt 1 ]; do
  kind=$1 path=$2; shift 2
  result=ok
  case $kind in
    read) if [ ! -e "$path" ]; then result=missing; elif [ ! -f "$path" ]; then result=other; elif [ ! -r "$path" ]; then result=denied; fi ;;
    list) if [ ! -e "$path" ]; then result=missing; elif [ ! -d "$path" ]; then result=other; elif [ ! -r "$path" ] || [ ! -x "$path" ]; then result=denied; fi ;;
    write)
      near=$path
      while [ ! -e "$near" ]; do case $near in ?*/*) near=\${near%/*} ;; /*) near=/ ;; *) near=. ;; esac; done
      if [ ! -d "$near" ]; then result=other; elif [ ! -w "$near" ] || [ ! -x "$near" ]; then result=denied; fi ;;
  esac
  echo "= $result"
  if [ "$kind" = write ]; then df -Pk "$near" 2>/dev/null; fi
done
`;

const RESULTS = ['ok', 'missing', 'denied', 'other'] as const;

/** `Filesystem 1024-blocks Used Available Capacity Mounted on`: names may contain blanks, the percentage does not move. */
const DF_LINE = /\s(\d+)\s+\d+%\s/;

/** Answers in the order of the questions; one program run for all of them. Rejects as `Host.run` does. */
export async function probeFiles(
  host: Host,
  questions: readonly FileQuestion[],
  options: RunOptions,
): Promise<readonly FileAnswer[]> {
  if (questions.length === 0) return [];
  const { stdout } = await host.run(['sh', '-c', SCRIPT, 'sh', ...questions.flatMap(q => [q.kind, q.path])], options);
  const answers = stdout.split(/^= /m).slice(1);
  return questions.map((_question, index) => {
    const text = answers[index] ?? '';
    const free = DF_LINE.exec(text)?.[1];
    return {
      result: RESULTS.find(result => text.startsWith(result)) ?? 'other',
      ...(free && { freeKb: Number(free) }),
    };
  });
}

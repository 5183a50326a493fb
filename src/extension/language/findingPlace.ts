import type { ClusterConfig, Origin, Position, Range, ServerConfig } from '../../config/types';
import type { Finding } from '../../engine/topology/types';

export interface Place {
  readonly file: string;
  readonly range: Range;
}

/** A whole line from `start`: editors cut a range at the line's end. */
function lineFrom(start: Position): Range {
  return { start, end: { line: start.line, character: 10_000 } };
}

function originOf(server: ServerConfig, parameter: string): Origin | undefined {
  const origins: Readonly<Record<string, Origin | undefined>> = { ...server.origins, ...server.extendedOrigins };
  return origins[parameter];
}

/**
 * The configuration line that a finding about servers is about: where the parameter's value comes from, else the header of
 * the server's section, else the file's first line.
 */
export function findingPlace(finding: Finding, config: ClusterConfig): Place {
  const server = [...config.servers, ...config.binlogServers].find(s => s.id === finding.server);
  const values = server ?? config.servers[0];
  if (finding.parameter !== undefined && values) {
    const origin = originOf(values, finding.parameter);
    if (origin && 'range' in origin) return { file: origin.file, range: origin.range };
  }
  return { file: config.file, range: lineFrom(server ? server.section.start : { line: 0, character: 0 }) };
}

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { version } from '../../package.json';
import { FINDING_CODES } from '../config/findingCodes';
import type { ConfigFinding, Severity } from '../config/types';
import type { Render } from './json';

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  information: 'note',
  hint: 'note',
};

/**
 * Findings as SARIF 2.1.0, which code hosts show at the lines of a change. Only the rules that were broken are listed. Files
 * below the working directory are named relative to it, as those hosts want it.
 */
export function sarifLog(findings: readonly ConfigFinding[], directory: string, render: Render): object {
  const codes = [...new Set(findings.map(f => f.code))];
  const base = pathToFileURL(path.join(directory, path.sep)).href;
  const uri = (file: string) => {
    const url = pathToFileURL(path.resolve(directory, file)).href;
    return url.startsWith(base) ? { uri: url.slice(base.length), uriBaseId: 'SRCROOT' } : { uri: url };
  };
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'mha lint', version, semanticVersion: version, rules: codes.map(c => rule(c, render)) },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { SRCROOT: { uri: base } },
        results: findings.map(finding => ({
          ruleId: finding.code,
          ruleIndex: codes.indexOf(finding.code),
          level: LEVELS[finding.severity],
          message: { text: render(finding.message) },
          locations: [{ physicalLocation: { artifactLocation: uri(finding.file), region: region(finding) } }],
        })),
      },
    ],
  };
}

function rule(code: string, render: Render): object {
  const kind = Object.hasOwn(FINDING_CODES, code) ? FINDING_CODES[code as keyof typeof FINDING_CODES] : undefined;
  return {
    id: code,
    ...(kind && {
      shortDescription: { text: render(kind.title) },
      defaultConfiguration: { level: LEVELS[kind.severity] },
    }),
  };
}

function region({ range: { start, end } }: ConfigFinding): object {
  return {
    startLine: start.line + 1,
    startColumn: start.character + 1,
    endLine: end.line + 1,
    endColumn: end.character + 1,
  };
}

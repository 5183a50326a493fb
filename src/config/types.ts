import type { Message } from '../l10n/message';
import type { ExtendedName, ExtendedValues, ParameterName, ParameterValues } from './parameters';

/** Zero-based line, zero-based UTF-16 column: what editors use. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** Half open. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** A change of the same file that mends a finding. */
export interface Fix {
  readonly title: Message;
  readonly edits: readonly TextEdit[];
  /** Fixes of one finding code that may be applied together with one click. */
  readonly forAll?: boolean;
}

/** Something to say about a configuration file. */
export interface ConfigFinding {
  /** Stable kebab-case name, e.g. `unknown-parameter`; documented in docs/config-findings.md. */
  readonly code: string;
  readonly severity: Severity;
  readonly file: string;
  readonly range: Range;
  readonly message: Message;
  readonly fixes: readonly Fix[];
  /** MHA 0.58 refuses the file because of this. */
  readonly rejectedByMha: boolean;
  /** The file can be read, but means something else than its author plainly meant: nothing may act on it. */
  readonly blocksAction: boolean;
}

/** `name = value`, from an ordinary line or from a `#@` line. */
export interface Property {
  readonly name: string;
  readonly nameRange: Range;
  /** As Config::Tiny gives it: trimmed, inline ` ; ` comment removed, quotes untouched. */
  readonly value: string;
  readonly valueRange: Range;
  /** Name to the end of the value. */
  readonly range: Range;
  readonly extended: boolean;
  /** What Config::Tiny cuts off: blank, `;`, blank and the rest of the line. */
  readonly inlineComment?: Range;
}

/** A run of lines under one header. A name may occur several times in a file: Config::Tiny merges them. */
export interface Section {
  readonly name: string;
  /** Absent for properties before the first header (Config::Tiny's section `_`). */
  readonly nameRange?: Range;
  /** Header to the last line before the next header. */
  readonly range: Range;
  readonly properties: readonly Property[];
}

export interface SyntaxProblem {
  readonly range: Range;
  /** The line, trimmed; at most 200 characters. */
  readonly text: string;
}

/** A configuration file as text and as Config::Tiny 2.28 reads it. */
export interface MhaDocument {
  readonly file: string;
  readonly text: string;
  readonly sections: readonly Section[];
  /** Lines that Config::Tiny rejects (it stops at the first; here are all). */
  readonly problems: readonly SyntaxProblem[];
  /** `#@` lines that name an extended parameter and yet are not `#@ name=value`. */
  readonly malformedExtended: readonly SyntaxProblem[];
  /** How `text` was made of the bytes; latin1 where they are not UTF-8, so that writing it back loses nothing. */
  readonly encoding: 'utf-8' | 'latin1';
}

/** Where a value comes from. `range` is in `file`. */
export type Origin =
  | { readonly level: 'builtin' }
  | {
      readonly level: 'global' | 'application' | 'server';
      readonly file: string;
      readonly section: string;
      readonly range: Range;
    }
  | { readonly level: 'script'; readonly command: string };

/** One `[serverN]` or `[binlogN]` with every parameter resolved. */
export interface ServerConfig {
  readonly id: string;
  readonly kind: 'server' | 'binlog';
  readonly values: ParameterValues;
  readonly origins: Readonly<Record<ParameterName, Origin>>;
  readonly extended: ExtendedValues;
  readonly extendedOrigins: Readonly<Record<ExtendedName, Origin>>;
  readonly section: Range;
}

/** A cluster: one application file, with its global file and `init_conf_load_script` applied. */
export interface ClusterConfig {
  /** MHA's application name: base name without the last extension. */
  readonly name: string;
  readonly file: string;
  readonly globalFile?: string;
  /** In MHA's order, which is the order of election. Never empty. */
  readonly servers: readonly ServerConfig[];
  readonly binlogServers: readonly ServerConfig[];
}

/** What a file means, and everything there is to say about it. `cluster` is absent if MHA would reject the file. */
export interface Resolution {
  readonly cluster?: ClusterConfig;
  /** Of the application file and of the global file, by file and position. */
  readonly findings: readonly ConfigFinding[];
}

import type { ClusterConfig, MhaDocument, Position, Property, Range, ServerConfig } from '../../config/types';
import { msg } from '../../l10n/message';
import type { Text } from '../text';
import { describeParameter, originText, propertyAt, resolvedValue, sectionAt, valueText } from './parameterText';

export interface HoverText {
  readonly range: Range;
  readonly title: string;
  /** Markdown of ours. */
  readonly what?: string;
  readonly facts: readonly Text[];
  /** `label`: `value`, from `origin`. */
  readonly values: readonly { readonly label: string; readonly value: Text; readonly origin: Text }[];
}

export interface HoverInput {
  readonly document: MhaDocument;
  /** Absent if MHA would reject the file. */
  readonly cluster?: ClusterConfig;
  readonly position: Position;
  /** Of the display. */
  readonly language: string;
}

function contains(range: Range, { line, character }: Position): boolean {
  if (line < range.start.line || line > range.end.line) return false;
  return (
    (line > range.start.line || character >= range.start.character) &&
    (line < range.end.line || character <= range.end.character)
  );
}

/** What to say about a parameter (its name or its value) or about a section's header. */
export function hoverAt(input: HoverInput): HoverText | undefined {
  const { document, position } = input;
  const section = sectionAt(document.sections, position.line);
  if (!section) return undefined;
  if (section.nameRange && contains(section.nameRange, position))
    return sectionHover(section.name, section.nameRange, input);
  const property = propertyAt(section, position.line);
  if (!property || !(contains(property.nameRange, position) || contains(property.valueRange, position)))
    return undefined;
  const description = describeParameter(property.name, property.extended, input.language);
  if (!description) return undefined;
  return {
    range: contains(property.nameRange, position) ? property.nameRange : property.valueRange,
    title: property.name,
    ...description,
    values: valuesOf(property, section.name, input.cluster),
  };
}

function serversOf(cluster: ClusterConfig): readonly ServerConfig[] {
  return [...cluster.servers, ...cluster.binlogServers];
}

/** In a server's section: its own value. Elsewhere: every server's, those with the same value and origin together. */
function valuesOf(property: Property, section: string, cluster: ClusterConfig | undefined): HoverText['values'] {
  if (!cluster) return [];
  const own = serversOf(cluster).find(s => s.id === section);
  const groups = new Map<string, { ids: string[]; value: Text; origin: Text }>();
  for (const server of own ? [own] : serversOf(cluster)) {
    const resolved = resolvedValue(server, property.name, property.extended);
    if (!resolved) continue;
    const value = valueText(resolved.value);
    const origin = originText(resolved.origin);
    const key = JSON.stringify([value, origin]);
    const group = groups.get(key) ?? { ids: [], value, origin };
    group.ids.push(server.id);
    groups.set(key, group);
  }
  return [...groups.values()].map(g => ({ label: shortList(g.ids), value: g.value, origin: g.origin }));
}

function shortList(ids: readonly string[]): string {
  return ids.length <= 4 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')} … ${ids.at(-1)}`;
}

/** All values of a server that are not built-in. */
function sectionHover(name: string, range: Range, { cluster }: HoverInput): HoverText | undefined {
  const server = cluster && serversOf(cluster).find(s => s.id === name);
  if (!server) return undefined;
  const values = [
    ...Object.keys(server.origins).map(n => ({ name: n, extended: false })),
    ...Object.keys(server.extendedOrigins).map(n => ({ name: n, extended: true })),
  ].flatMap(p => {
    const resolved = resolvedValue(server, p.name, p.extended);
    if (!resolved || resolved.origin.level === 'builtin') return [];
    return [{ label: p.name, value: valueText(resolved.value), origin: originText(resolved.origin) }];
  });
  const what = server.kind === 'server' ? msg('A server of the cluster.') : msg('A binlog server of the cluster.');
  return { range, title: `[${name}]`, facts: [what], values };
}

import type { Model } from '../model';
import { sectionKind } from '../sections';
import type { MhaDocument, Property, Section } from '../types';

/** Where a property stands. `global`: [server default] of the global file; `defaults`: of the application file. */
export type Place = 'global' | 'defaults' | 'server' | 'binlog' | 'invalid';

export interface PlacedProperty {
  readonly document: MhaDocument;
  readonly section: Section;
  readonly place: Place;
  readonly property: Property;
}

/** Every property that MHA would look at (in sections with invalid names, too: their names can be mended). */
export function* placedProperties(model: Model): Generator<PlacedProperty> {
  const { application, global } = model.input;
  for (const section of application.sections) {
    const kind = sectionKind(section.name);
    const place = kind === 'default' ? 'defaults' : kind;
    for (const property of section.properties) yield { document: application, section, place, property };
  }
  if (!global) return;
  for (const section of global.sections)
    if (section.name === 'server default')
      for (const property of section.properties) yield { document: global, section, place: 'global', property };
}

export function inDefaults(place: Place): boolean {
  return place === 'global' || place === 'defaults';
}

/** Whether MHA refuses a host name that can't resolve: it looks up `hostname` unless `ip` is given, and `ssh_host` always. */
export function hostIsRejected({ section, property, place }: PlacedProperty, value: string): boolean {
  if (property.name === 'ssh_host') return value !== section.properties.find(p => p.name === 'hostname')?.value;
  return (
    property.name === 'hostname' &&
    (inDefaults(place) || !section.properties.some(p => p.name === 'ip' && p.value !== ''))
  );
}

/** False for a line whose value a later line of the same section replaces: MHA never sees it. */
export function isEffective(model: Model, { place, section, property }: PlacedProperty): boolean {
  const merged = (place === 'global' ? model.globalSections : model.sections).get(section.name);
  return (property.extended ? merged?.extended : merged?.values)?.get(property.name) === property;
}

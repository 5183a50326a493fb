import * as v from 'valibot';

/**
 * What the report panel and its page say to each other, and the report as the page shows it: texts rendered in the user's
 * language, nothing left to decide. Both sides validate what they get with these schemas.
 */

const text = v.string();
const texts = v.array(text);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** `skipped`: was not verified, and the text says why. */
export const levelSchema = v.picklist(['failed', 'warning', 'info', 'ok', 'skipped']);

/** A place in a file, zero-based line. */
const linkSchema = v.strictObject({ file: text, line: count, label: text });

const entrySchema = v.strictObject({
  level: levelSchema,
  text,
  /** Name of the server concerned. */
  server: v.optional(text),
  /** What a server or a program said, in its own words. */
  detail: v.optional(text),
  /** What to do about it. */
  advice: v.optional(text),
  took: v.optional(text),
  link: v.optional(linkSchema),
});

export const listSchema = v.strictObject({ type: v.literal('list'), title: text, entries: v.array(entrySchema) });

const groupsSchema = v.strictObject({
  type: v.literal('groups'),
  title: text,
  groups: v.array(v.strictObject({ title: text, summary: text, entries: v.array(entrySchema) })),
});

const topologySchema = v.strictObject({
  type: v.literal('topology'),
  title: text,
  columns: texts,
  rows: v.array(
    v.strictObject({
      /** How many servers it is away from the one at the top. */
      depth: count,
      level: levelSchema,
      name: text,
      /** Set apart: the role that matters. */
      badge: v.optional(text),
      notes: texts,
      state: text,
      lag: text,
      access: text,
      version: text,
      address: text,
    }),
  ),
});

const cellSchema = v.strictObject({
  level: v.picklist(['ok', 'failed', 'skipped', 'info']),
  /** What is read out and shown on hover, e.g. `db1 to db2: refused`. */
  label: text,
  /** What stands in the cell beside the icon. */
  text,
  /** Index in the entries of the list of reasons. */
  reason: v.optional(count),
});

const matrixSchema = v.strictObject({
  type: v.literal('matrix'),
  title: text,
  corner: text,
  columns: texts,
  rows: v.array(v.strictObject({ label: text, cells: v.array(v.nullable(cellSchema)) })),
  note: v.optional(text),
});

const reasonsSchema = v.strictObject({ type: v.literal('reasons'), title: text, entries: v.array(entrySchema) });

const blockSchema = v.variant('type', [listSchema, groupsSchema, topologySchema, matrixSchema, reasonsSchema]);

export const reportViewSchema = v.strictObject({
  kind: v.picklist(['replication', 'ssh']),
  /** Language of the texts, as in the `lang` attribute. */
  language: text,
  file: text,
  cluster: text,
  title: text,
  /** One line under the title: how many, how long, when. */
  facts: texts,
  verdict: v.strictObject({
    level: v.picklist(['failed', 'warning', 'ok']),
    headline: text,
    detail: text,
    counts: texts,
  }),
  blocks: v.array(blockSchema),
  labels: v.strictObject({
    runAgain: text,
    copy: text,
    /** Names of the levels, read out for the icons. */
    levels: v.strictObject({ failed: text, warning: text, info: text, ok: text, skipped: text }),
    advice: text,
  }),
});

/** From the panel to its page. */
export const toPageSchema = v.variant('type', [
  v.strictObject({ type: v.literal('show'), view: reportViewSchema }),
  v.strictObject({ type: v.literal('busy'), busy: v.boolean() }),
]);

/** From the page to its panel. */
export const toPanelSchema = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('runAgain') }),
  v.strictObject({ type: v.literal('copy') }),
  v.strictObject({ type: v.literal('open'), file: text, line: count }),
]);

/** What the page keeps for a window reload. */
export const pageStateSchema = v.strictObject({ view: reportViewSchema });

export type Level = v.InferOutput<typeof levelSchema>;
export type ReportView = v.InferOutput<typeof reportViewSchema>;
export type Block = ReportView['blocks'][number];
export type BlockOf<T extends Block['type']> = Extract<Block, { type: T }>;
export type Entry = v.InferOutput<typeof entrySchema>;
export type Link = v.InferOutput<typeof linkSchema>;
export type TopologyRow = BlockOf<'topology'>['rows'][number];
export type MatrixCell = v.InferOutput<typeof cellSchema>;
export type ToPage = v.InferOutput<typeof toPageSchema>;
export type ToPanel = v.InferOutput<typeof toPanelSchema>;
export type PageState = v.InferOutput<typeof pageStateSchema>;

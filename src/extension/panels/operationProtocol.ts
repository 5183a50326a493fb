import * as v from 'valibot';
import { levelSchema, listSchema, type Entry } from './reportProtocol';

/**
 * What the operation panel and its page say to each other, and an operation as the page shows it: before it is begun (its
 * plan), while it runs, and afterwards. Texts are rendered in the user's language.
 */

const text = v.string();
const texts = v.array(text);
const percent = v.pipe(v.number(), v.minValue(0), v.maxValue(100));

/** The signs of a report, and those of things that take their time. */
export const signSchema = v.picklist([...levelSchema.options, 'running', 'waiting', 'undone']);

const detailSchema = v.strictObject({
  /** Name of the server. */
  server: v.optional(text),
  /** A statement or a command line. */
  text,
  took: v.optional(text),
  /** What the server answered, if it was an error. */
  error: v.optional(text),
});

const stepSchema = v.strictObject({
  id: text,
  sign: signSchema,
  title: text,
  /** Read out for the sign. */
  state: text,
  /** What came of it. */
  result: v.optional(text),
  took: v.optional(text),
  /** Where it is on the time line, in percent of the whole. */
  bar: v.optional(v.strictObject({ left: percent, width: percent })),
  details: v.array(detailSchema),
  /** There is no return from here on: a line stands before it. */
  pointOfNoReturn: v.boolean(),
});

const phaseSchema = v.strictObject({
  id: text,
  title: text,
  sign: signSchema,
  took: v.optional(text),
  steps: v.array(stepSchema),
});

const actionSchema = v.picklist(['start', 'ignoreLast', 'planAgain', 'cancel', 'journal', 'copy']);

export const operationViewSchema = v.strictObject({
  kind: v.picklist(['plan', 'run']),
  language: text,
  /** The configuration file. */
  file: text,
  /** The journal's file; absent: it has not begun. */
  journal: v.optional(text),
  cluster: text,
  title: text,
  facts: texts,
  verdict: v.strictObject({ level: signSchema, headline: text, detail: text, counts: texts }),
  /** Milliseconds since 1970 when it began: it runs, and the page counts. */
  runningSince: v.optional(v.number()),
  /** Before the steps: who is elected and why, what may be lost, what forbids it, what is left to do. */
  lists: v.array(listSchema),
  phases: v.array(phaseSchema),
  /** Buttons, in their order; the first one is the main one. */
  actions: v.array(v.strictObject({ action: actionSchema, label: text })),
  labels: v.strictObject({
    steps: text,
    pointOfNoReturn: text,
    running: text,
    levels: v.strictObject({ failed: text, warning: text, info: text, ok: text, skipped: text }),
    advice: text,
  }),
});

/** From the panel to its page. */
export const toOperationPageSchema = v.variant('type', [
  v.strictObject({ type: v.literal('show'), view: operationViewSchema }),
  v.strictObject({ type: v.literal('busy'), busy: v.boolean() }),
]);

/** From the page to its panel. */
export const toOperationPanelSchema = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('act'), action: actionSchema }),
]);

/** What the page keeps for a window reload. */
export const operationPageStateSchema = v.strictObject({ view: operationViewSchema });

export type Sign = v.InferOutput<typeof signSchema>;
export type OperationView = v.InferOutput<typeof operationViewSchema>;
export type OperationAction = v.InferOutput<typeof actionSchema>;
export type StepView = v.InferOutput<typeof stepSchema>;
export type PhaseView = v.InferOutput<typeof phaseSchema>;
export type ListBlock = v.InferOutput<typeof listSchema>;
export type ListEntry = Entry;
export type ToOperationPage = v.InferOutput<typeof toOperationPageSchema>;
export type ToOperationPanel = v.InferOutput<typeof toOperationPanelSchema>;

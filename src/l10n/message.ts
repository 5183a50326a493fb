/** A text for users, as a value: the English template and its arguments. Rendered late, in the user's language. */
export interface Message {
  /** English template; `{name}` stands for an argument. It is also the key of its translations. */
  readonly text: string;
  readonly args: Readonly<Record<string, string | number>>;
}

/** English template -> template in another language. The files are `l10n/<language>/*.json`. */
export type Translations = Readonly<Record<string, string>>;

/** Makes a message. The template must be a string literal: a test finds them in the sources and demands translations. */
export function msg(text: string, args: Readonly<Record<string, string | number>> = {}): Message {
  return { text, args };
}

/** Renders a message; a template without a translation is rendered in English, an unknown `{name}` is left as it is. */
export function format(message: Message, translations: Translations = {}): string {
  const template = translations[message.text] ?? message.text;
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(message.args[name] ?? whole));
}

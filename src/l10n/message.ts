/** A text for users, as a value: the English template and its arguments. Rendered late, in the user's language. */
export interface Message {
  /** English template; `{name}` stands for an argument. It is also the key of its translations. */
  readonly text: string;
  readonly args: MessageArgs;
}

/** A message among the arguments is rendered in the same language as the one around it. */
export type MessageArgs = Readonly<Record<string, string | number | Message>>;

/** English template -> template in another language. The files are `l10n/<language>/*.json`. */
export type Translations = Readonly<Record<string, string>>;

/** Makes a message. The template must be a string literal: a test finds them in the sources and demands translations. */
export function msg(text: string, args: MessageArgs = {}): Message {
  return { text, args };
}

/** Renders a message; a template without a translation is rendered in English, an unknown `{name}` is left as it is. */
export function format(message: Message, translations: Translations = {}): string {
  const template = translations[message.text] ?? message.text;
  const args = plainArgs(message, nested => format(nested, translations));
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}

/** The arguments with the messages among them rendered, for whoever fills the template in. */
export function plainArgs({ args }: Message, render: (message: Message) => string): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === 'object' ? render(value) : value]),
  );
}

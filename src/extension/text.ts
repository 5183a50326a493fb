import type { Message } from '../l10n/message';

/** A text made of a message, or of data that is in no language (a host name, a version). */
export type Text = Message | string;

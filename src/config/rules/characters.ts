/** Characters that look like ASCII ones, or like nothing, and that input methods and web pages put into files. */
const LOOKALIKES: ReadonlyMap<string, string> = new Map([
  ['\u3000', ' '],
  ['\u00a0', ' '],
  ['\u2002', ' '],
  ['\u2003', ' '],
  ['\u2009', ' '],
  ['\u202f', ' '],
  ['\u3010', '['],
  ['\u3011', ']'],
  ['\u201c', '"'],
  ['\u201d', '"'],
  ['\u2018', "'"],
  ['\u2019', "'"],
  ['\u3002', '.'],
  ['\u3001', ','],
]);
const INVISIBLE = '\\u200b-\\u200f\\u2060\\ufeff';
const FOREIGN = new RegExp(
  `[\\uff01-\\uff5e\\u3000-\\u3002\\u3010\\u3011\\u00a0\\u2002\\u2003\\u2009\\u202f\\u2018\\u2019\\u201c\\u201d${INVISIBLE}]`,
);
const INVISIBLE_ONE = new RegExp(`[${INVISIBLE}]`);

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

export function hasForeign(text: string): boolean {
  return !isAscii(text) && FOREIGN.test(text);
}

/** The ASCII character that one stands for; '' for an invisible one; itself for any other. */
function plainCharacter(character: string): string {
  const known = LOOKALIKES.get(character);
  if (known !== undefined) return known;
  const code = character.charCodeAt(0);
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
  return INVISIBLE_ONE.test(character) ? '' : character;
}

/** `keepLength`: invisible characters become blanks, so that columns stay. */
export function withoutForeign(text: string, keepLength = false): string {
  if (isAscii(text)) return text;
  let plain = '';
  for (const character of text) plain += plainCharacter(character) || (keepLength ? ' ' : '');
  return plain;
}

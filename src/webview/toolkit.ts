import {
  provideVSCodeDesignSystem,
  vsCodeBadge,
  vsCodeButton,
  vsCodeProgressRing,
  vsCodeTag,
} from '@vscode/webview-ui-toolkit';

/**
 * The widgets that the pages use, under our own names. The toolkit is archived upstream: whoever exchanges it changes this
 * file and no other.
 */

export function registerWidgets(): void {
  provideVSCodeDesignSystem().register(vsCodeBadge(), vsCodeButton(), vsCodeProgressRing(), vsCodeTag());
}

export interface ButtonOptions {
  readonly label: string;
  readonly primary?: boolean;
  readonly onClick: () => void;
}

/** A push button: a tab stop, pressed by click, Enter and Space. */
export function button({ label, primary = false, onClick }: ButtonOptions): HTMLElement & { disabled: boolean } {
  const element = document.createElement('vscode-button') as HTMLElement & { disabled: boolean };
  element.setAttribute('appearance', primary ? 'primary' : 'secondary');
  element.textContent = label;
  element.addEventListener('click', onClick);
  return element;
}

/** A small label beside a name, such as a role. */
export function tag(text: string): HTMLElement {
  const element = document.createElement('vscode-tag');
  element.textContent = text;
  return element;
}

/** How many there are of something. */
export function badge(count: number): HTMLElement {
  const element = document.createElement('vscode-badge');
  element.textContent = String(count);
  return element;
}

/** Shows that something runs whose length is not known. */
export function progressRing(label: string): HTMLElement {
  const element = document.createElement('vscode-progress-ring');
  element.setAttribute('aria-label', label);
  return element;
}

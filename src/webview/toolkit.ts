import { provideVSCodeDesignSystem, vsCodeBadge, vsCodeButton, vsCodeProgressRing } from '@vscode/webview-ui-toolkit';

/**
 * The widgets that the pages use, under our own names. The toolkit is archived upstream: whoever exchanges it changes this
 * file and no other.
 */

export function registerWidgets(): void {
  provideVSCodeDesignSystem().register(vsCodeBadge(), vsCodeButton(), vsCodeProgressRing());
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

/** A pill beside a name: how many there are, or a role. */
export function badge(text: string): HTMLElement {
  const element = document.createElement('vscode-badge');
  element.textContent = text;
  return element;
}

/** Shows that something runs whose length is not known. */
export function progressRing(label: string): HTMLElement {
  const element = document.createElement('vscode-progress-ring');
  element.setAttribute('aria-label', label);
  return element;
}

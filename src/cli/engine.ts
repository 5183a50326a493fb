/** The engine with its drivers is a bundle of its own: only the commands that talk to servers load it. */
export function loadEngine() {
  return import('../engine/main');
}

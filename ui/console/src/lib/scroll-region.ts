/**
 * Lets people scroll a wide element sideways by keyboard. Makes the element focusable, unless
 * something in it already is.
 */
export function scrollRegion(node: HTMLElement) {
  if (node.querySelector('a, button, input, select')) return
  node.tabIndex = 0
  node.setAttribute('role', 'region')
  const name = node.querySelector('table')?.ariaLabel ?? node.querySelector('caption')?.textContent
  node.setAttribute('aria-label', name ?? 'Table')
}

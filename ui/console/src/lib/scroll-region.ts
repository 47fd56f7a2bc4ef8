/** What goes sideways on a small screen can be reached by keyboard: by something in it, or else by itself. */
export function scrollRegion(node: HTMLElement) {
  if (node.querySelector('a, button, input, select')) return
  node.tabIndex = 0
  node.setAttribute('role', 'region')
  const name = node.querySelector('table')?.ariaLabel ?? node.querySelector('caption')?.textContent
  node.setAttribute('aria-label', name ?? 'Table')
}
